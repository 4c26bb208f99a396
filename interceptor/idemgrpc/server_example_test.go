package idemgrpc_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// teller tells the attempts of a payment.
type teller struct {
	paymentsv1.UnimplementedPaymentServiceServer
}

// CreatePayment loses the connection to the bank in its first attempt.
func (teller) CreatePayment(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	execution, _ := idempotency.FromContext(ctx)
	if execution.Recovered {
		return &paymentsv1.Payment{Id: "found at the bank"}, nil
	}
	return nil, status.Error(codes.Unavailable, "the bank did not answer")
}

// authenticate stands for the authentication of a service. It is outside the guard.
func authenticate(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	return next(idempotency.ContextWithScope(ctx, "jane"), request)
}

// The interceptor stands behind authentication. The handler sees whether an earlier
// attempt may have had its effect.
func ExampleNewInterceptor() {
	engine, err := idempotency.New(memstore.New(),
		idempotency.WithScope(idempotency.ScopeFromContext),
		idempotency.WithPolicy("*", idempotency.Policy{Wait: 10 * time.Second}))
	if err != nil {
		panic(err)
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(authenticate, guard.Unary))
	paymentsv1.RegisterPaymentServiceServer(server, teller{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	defer server.Stop()

	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "idempotency-key", "order-17")
	for range 3 {
		var header metadata.MD
		payment, err := paymentsv1.NewPaymentServiceClient(conn).CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest), grpc.Header(&header))
		fmt.Println(status.Code(err), payment.GetId(), header.Get("idempotent-replayed"))
	}
	// Output:
	// Unavailable  []
	// OK found at the bank []
	// OK found at the bank [true]
}
