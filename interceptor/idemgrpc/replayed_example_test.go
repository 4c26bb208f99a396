package idemgrpc_test

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// logCalls is an interceptor outside the guard.
func logCalls(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ctx, replayed := idemgrpc.ReplayedContext(ctx)
	answer, err := next(ctx, request)
	fmt.Println(info.FullMethod, status.Code(err), "replayed:", replayed())
	return answer, err
}

func ExampleReplayedContext() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(logCalls, guard.Unary))
	paymentsv1.RegisterPaymentServiceServer(server, new(bank))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	defer server.Stop()

	retries, err := idemgrpc.NewClientInterceptor()
	if err != nil {
		panic(err)
	}
	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(retries.Unary))
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ctx := idempotency.WithKey(context.Background(), "order-17")
	for range 2 {
		if _, err := paymentsv1.NewPaymentServiceClient(conn).CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest)); err != nil {
			panic(err)
		}
	}
	// Output:
	// /payments.v1.PaymentService/CreatePayment OK replayed: false
	// /payments.v1.PaymentService/CreatePayment OK replayed: true
}
