package idemgrpc_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestGoroutinesLeftBehindSetMetadata : goroutines of the handler may run while the
// answer is recorded and sent, as without a guard. The race detector checks it.
func TestGoroutinesLeftBehindSetMetadata(t *testing.T) {
	var left sync.WaitGroup
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		if err := grpc.SetHeader(ctx, metadata.Pairs("ledger", "a")); err != nil {
			return nil, err
		}
		for _, set := range []func(context.Context, metadata.MD) error{grpc.SetHeader, grpc.SetTrailer} {
			started := make(chan struct{})
			left.Go(func() {
				for n := 0; set(ctx, metadata.Pairs("late", "x")) == nil && n < 1000; n++ {
					if n == 0 {
						close(started)
					}
				}
			})
			<-started
		}
		return new(paymentsv1.Payment), nil
	}}
	client := serve(t, service, guarded(t, newEngine(t)))
	for _, key := range []string{"a", "b", "c", "d"} {
		first, again := create(client, key, nil), create(client, key, nil)
		if first.err != nil || again.err != nil || !slices.Equal(again.headers.Get("ledger"), []string{"a"}) {
			t.Errorf("%v, %v, header %q", first.err, again.err, again.headers.Get("ledger"))
		}
	}
	left.Wait()
}

// TestHandlerFindsTheStream : functions that require the type of grpc-go's stream
// work in the handler. If this fails after an upgrade of grpc-go, see transport.go.
func TestHandlerFindsTheStream(t *testing.T) {
	var supported []string
	service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (_ *paymentsv1.Payment, err error) {
		if supported, err = grpc.ClientSupportedCompressors(ctx); err != nil {
			return nil, err
		}
		return &paymentsv1.Payment{Id: "p"}, grpc.SetSendCompressor(ctx, gzip.Name)
	}}
	client := serve(t, service, guarded(t, newEngine(t)))
	if first := create(client, "k", nil); first.err != nil || !slices.Contains(supported, gzip.Name) {
		t.Errorf("%v, compressors %q", first.err, supported)
	}
}
