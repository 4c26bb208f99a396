package main

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// withRetries sets a retry policy of grpc-go (gRPC A6) for one status code.
func withRetries(code string) grpc.DialOption {
	return grpc.WithDefaultServiceConfig(`{"methodConfig": [{
		"name": [{"service": "payments.v1.PaymentService"}],
		"retryPolicy": {
			"maxAttempts": 3, "initialBackoff": "0.01s", "maxBackoff": "0.05s", "backoffMultiplier": 2,
			"retryableStatusCodes": ["` + code + `"]
		}
	}]}`)
}

// flaky is a service whose first call fails with Unavailable.
type flaky struct {
	paymentsv1.UnimplementedPaymentServiceServer

	calls atomic.Int32
}

func (m *flaky) CreatePayment(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	if m.calls.Add(1) == 1 {
		return nil, status.Error(codes.Unavailable, "not yet")
	}
	return &paymentsv1.Payment{Id: "pay_1"}, nil
}

func serveFlaky(t *testing.T, service *flaky) (address string) {
	t.Helper()
	store := memstore.New()
	engine, err := idempotency.New(store)
	if err != nil {
		t.Fatal(err)
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary))
	paymentsv1.RegisterPaymentServiceServer(server, service)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(func() {
		server.Stop()
		store.Close()
	})
	return listener.Addr().String()
}

// Unavailable abandons the claim, so the second attempt of the client runs.
func TestClientRetriesUnavailable(t *testing.T) {
	service := new(flaky)
	client := newGRPCClient(t, serveFlaky(t, service), withRetries("UNAVAILABLE"))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "key-1")
	payment, err := client.CreatePayment(ctx, charge("").request)
	if err != nil || payment.GetId() != "pay_1" {
		t.Errorf("got %v, %v", payment, err)
	}
	if calls := service.calls.Load(); calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
}

// A replayed error has no headers, like the first one. With headers, grpc-go would
// not retry it.
func TestClientRetriesReplayedError(t *testing.T) {
	s := start(t, nil)
	c := grpcClient{s, newGRPCClient(t, s.grpcAddress, withRetries("INTERNAL"))}
	call := charge("key-1").simulated(&paymentsv1.Simulate{Code: int32(codes.Internal)})
	last := c.create(t.Context(), call)
	last.wantError(t, codes.Internal, 0)
	if !last.replayed {
		t.Errorf("the last attempt is not marked as a replay: %+v", last)
	}
	if replays := len(s.events.of(idempotency.EventReplayed)); replays != 2 {
		t.Errorf("%d replays, want 2 after the first of 3 attempts", replays)
	}
	s.wantEntries(1)
}
