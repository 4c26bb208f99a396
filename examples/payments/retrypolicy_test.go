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

// withRetries is grpc-go's own retry policy (gRPC A6), for one code.
func withRetries(code string) grpc.DialOption {
	return grpc.WithDefaultServiceConfig(`{"methodConfig": [{
		"name": [{"service": "payments.v1.PaymentService"}],
		"retryPolicy": {
			"maxAttempts": 3, "initialBackoff": "0.01s", "maxBackoff": "0.05s", "backoffMultiplier": 2,
			"retryableStatusCodes": ["` + code + `"]
		}
	}]}`)
}

// moody is a service that is unavailable at first.
type moody struct {
	paymentsv1.UnimplementedPaymentServiceServer

	calls atomic.Int32
}

func (m *moody) CreatePayment(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	if m.calls.Add(1) == 1 {
		return nil, status.Error(codes.Unavailable, "not yet")
	}
	return &paymentsv1.Payment{Id: "pay_1"}, nil
}

func serveMoody(t *testing.T, service *moody) (address string) {
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

// A released error leaves the key free, so the client's second attempt runs.
func TestClientRetriesUnavailable(t *testing.T) {
	service := new(moody)
	client := grpcClient(t, serveMoody(t, service), withRetries("UNAVAILABLE"))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "key-1")
	payment, err := client.CreatePayment(ctx, charge("").request)
	if err != nil || payment.GetId() != "pay_1" {
		t.Errorf("got %v, %v", payment, err)
	}
	if calls := service.calls.Load(); calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
}

// A replayed error is as retryable as the first one: it comes without headers,
// which would make grpc-go give up.
func TestClientRetriesReplayedError(t *testing.T) {
	w := start(t, nil)
	d := grpcDoor{w, grpcClient(t, w.grpcAddress, withRetries("INTERNAL"))}
	call := charge("key-1").simulated(&paymentsv1.Simulate{Code: int32(codes.Internal)})
	last := d.create(t.Context(), call)
	last.wantError(t, codes.Internal, 0)
	if !last.replayed {
		t.Errorf("the last attempt is not marked as a replay: %+v", last)
	}
	if replays := len(w.events.of(idempotency.EventReplayed)); replays != 2 {
		t.Errorf("%d replays, want 2 after the first of 3 attempts", replays)
	}
	w.wantEntries(1)
}
