//go:build !race

package idemconnect2_test

import (
	"context"
	"errors"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestAllocations checks what the interceptor allocates on the memory store, in
// addition to the handler or to the messages of a replay.
func TestAllocations(t *testing.T) {
	bare, guarded := newDirect(), newDirect(newGuard(t, newEngine(t)))
	running, end := startCall(newGuard(t, newEngine(t)))
	defer end()
	for _, each := range []struct {
		name   string
		direct direct
		key    func(int) string
		most   float64
	}{
		{"no key", guarded, noKey, allocations(t, bare, noKey)},
		{"first call", guarded, newKey, allocations(t, bare, noKey) + 8},
		{"replay", guarded, sameKey, decoded(t) + 4},
		{"other content", changed(guarded), sameKey, 17},
		{"in progress", running, sameKey, 21},
	} {
		if got := allocations(t, each.direct, each.key); got > each.most {
			t.Errorf("%s: %v allocations, at most %v", each.name, got, each.most)
		}
	}
}

func allocations(t *testing.T, direct direct, key func(int) string) float64 {
	t.Helper()
	const runs = 1000
	streams, next := newStreams(runs+2, key), 0
	call := func() {
		_ = direct.call(context.Background(), streams[next])
		next++
	}
	call() // the first of several with one key
	return testing.AllocsPerRun(runs, call)
}

// startCall returns a guarded handler in which a call with the key k runs until end.
func startCall(guard connect.ServerInterceptor) (guarded direct, end func()) {
	started, ended := make(chan struct{}), make(chan struct{})
	guarded = newDirect(guard, func(connect.ServerFunc) connect.ServerFunc {
		return func(context.Context, connect.Spec, connect.ServerStream) error {
			close(started)
			<-ended
			return context.Canceled
		}
	})
	go func() { _ = guarded.call(context.Background(), newStream("k")) }()
	<-started
	return guarded, func() { close(ended) }
}

// changed returns the calls of another request than that of the first call, which this
// makes.
func changed(guarded direct) direct {
	_ = guarded.call(context.Background(), newStream("k"))
	return direct{func(ctx context.Context, stream connect.ServerStream) error {
		stream.(*directStream).amount = 1
		return guarded.call(ctx, stream)
	}}
}

// decoded counts the allocations of a call that decodes a request and an answer
// without a handler.
func decoded(t *testing.T) float64 {
	t.Helper()
	answer := newStream("")
	if err := newDirect().call(t.Context(), answer); err != nil {
		t.Fatal(err)
	}
	raw, err := proto.Marshal(answer.sent.(proto.Message))
	if err != nil {
		t.Fatal(err)
	}
	decode := newDirect(func(connect.ServerFunc) connect.ServerFunc {
		return func(_ context.Context, _ connect.Spec, stream connect.ServerStream) error {
			if err := stream.Receive(new(paymentsv1.CreatePaymentRequest)); err != nil {
				return err
			}
			message := new(paymentsv1.Payment)
			return errors.Join(proto.Unmarshal(raw, message), stream.Send(message))
		}
	})
	return allocations(t, decode, noKey)
}
