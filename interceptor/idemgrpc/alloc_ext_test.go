//go:build !race

package idemgrpc_test

import (
	"context"
	"strconv"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestAllocations checks what the interceptor allocates on the memory store, in
// addition to the handler or to the message of a replay. The status of a refusal is
// made later.
func TestAllocations(t *testing.T) {
	guard := newGuard(t, newEngine(t)).Unary
	request := createRequest()
	call := func(ctx context.Context) {
		if _, err := guard(ctx, request, createInfo, createHandler); err != nil {
			t.Fatal(err)
		}
	}
	refuse := func(ctx context.Context, request any) {
		if _, err := guard(ctx, request, createInfo, createHandler); err == nil {
			t.Fatal("not refused")
		}
	}
	other := new(paymentsv1.CreatePaymentRequest)
	running, end := startCall(guard, request)
	defer end()
	const runs = 1000
	keys := make([]context.Context, 2*runs)
	for i := range keys {
		keys[i] = keyed(strconv.Itoa(i))
	}
	bare := testing.AllocsPerRun(runs, func() { _, _ = createHandler(keys[0], request) })
	plain := metadata.NewIncomingContext(context.Background(), metadata.MD{})
	next := 0
	for _, each := range []struct {
		name string
		most float64
		call func()
	}{
		{"no key", bare, func() { call(plain) }},
		{"first call", bare + 8, func() { call(keys[next]); next++ }},
		{"replay", decoded(t) + 2, func() { call(keys[0]) }},
		{"other content", 5, func() { refuse(keys[0], other) }},
		{"in progress", 5, func() { refuse(running, request) }},
	} {
		if got := testing.AllocsPerRun(runs, each.call); got > each.most {
			t.Errorf("%s: %v allocations, at most %v", each.name, got, each.most)
		}
	}
}

// startCall starts a call whose handler runs until end, and returns its context.
func startCall(guard grpc.UnaryServerInterceptor, request any) (ctx context.Context, end func()) {
	started, ended := make(chan struct{}), make(chan struct{})
	ctx = keyed("running")
	go func() {
		_, _ = guard(ctx, request, createInfo, func(context.Context, any) (any, error) {
			close(started)
			<-ended
			return nil, context.Canceled
		})
	}()
	<-started
	return ctx, func() { close(ended) }
}

// decoded counts the allocations of the message of a replay.
func decoded(t *testing.T) float64 {
	t.Helper()
	answer, err := createHandler(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := proto.Marshal(answer.(proto.Message))
	if err != nil {
		t.Fatal(err)
	}
	return testing.AllocsPerRun(1000, func() {
		if err := proto.Unmarshal(raw, new(paymentsv1.Payment)); err != nil {
			t.Fatal(err)
		}
	})
}
