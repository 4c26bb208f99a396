//go:build !race

package idemconnect_test

import (
	"context"
	"strconv"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestAllocations checks what the interceptor allocates on the memory store, in
// addition to the handler or to the message of a replay.
func TestAllocations(t *testing.T) {
	guarded := newGuard(t, newEngine(t)).WrapUnary(createHandler)
	call := func(request connect.AnyRequest) {
		if _, err := guarded(context.Background(), request); err != nil {
			t.Fatal(err)
		}
	}
	refuse := func(guarded connect.UnaryFunc, request connect.AnyRequest) {
		if _, err := guarded(context.Background(), request); err == nil {
			t.Fatal("not refused")
		}
	}
	running, end := startCall(newGuard(t, newEngine(t)))
	defer end()
	const runs = 1000
	requests := make([]connect.AnyRequest, 2*runs)
	for i := range requests {
		requests[i] = newKeyed(strconv.Itoa(i))
	}
	var plain connect.AnyRequest = newKeyed("")
	other := newKeyed("0")
	other.Msg.Amount++
	bare := testing.AllocsPerRun(runs, func() { _, _ = createHandler(context.Background(), plain) })
	next := 0
	for _, each := range []struct {
		name string
		most float64
		call func()
	}{
		{"no key", bare, func() { call(plain) }},
		{"first call", bare + 8, func() { call(requests[next]); next++ }},
		{"replay", decoded(t) + 4, func() { call(requests[0]) }},
		{"other content", 14, func() { refuse(guarded, other) }},
		{"in progress", 17, func() { refuse(running, requests[0]) }},
	} {
		if got := testing.AllocsPerRun(runs, each.call); got > each.most {
			t.Errorf("%s: %v allocations, at most %v", each.name, got, each.most)
		}
	}
}

// startCall returns a guarded handler in which a call with the key 0 runs until end.
func startCall(guard connect.Interceptor) (guarded connect.UnaryFunc, end func()) {
	started, ended := make(chan struct{}), make(chan struct{})
	guarded = guard.WrapUnary(func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) {
		close(started)
		<-ended
		return nil, context.Canceled
	})
	go func() { _, _ = guarded(context.Background(), newKeyed("0")) }()
	<-started
	return guarded, func() { close(ended) }
}

// decoded counts the allocations of the message of a replay.
func decoded(t *testing.T) float64 {
	t.Helper()
	answer, err := createHandler(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := proto.Marshal(answer.Any().(proto.Message))
	if err != nil {
		t.Fatal(err)
	}
	return testing.AllocsPerRun(1000, func() {
		if err := proto.Unmarshal(raw, new(paymentsv1.Payment)); err != nil {
			t.Fatal(err)
		}
	})
}
