package idemgrpc_test

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// bank charges with every call.
type bank struct {
	paymentsv1.UnimplementedPaymentServiceServer

	charges int
}

func (b *bank) CreatePayment(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	b.charges++
	return &paymentsv1.Payment{Id: fmt.Sprintf("pay_%d", b.charges)}, nil
}

func Example() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(guard.Unary),
		grpc.ChainStreamInterceptor(guard.Stream),
	)
	paymentsv1.RegisterPaymentServiceServer(server, new(bank))
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
	client := paymentsv1.NewPaymentServiceClient(conn)
	ctx := metadata.AppendToOutgoingContext(context.Background(), "idempotency-key", idempotency.NewKey())
	for range 2 { // a call and its retry
		var header metadata.MD
		payment, err := client.CreatePayment(ctx, &paymentsv1.CreatePaymentRequest{Amount: 1250}, grpc.Header(&header))
		fmt.Println(payment.GetId(), err, header.Get("idempotent-replayed"))
	}
	// Output:
	// pay_1 <nil> []
	// pay_1 <nil> [true]
}

// printKey prints the key of a call instead of sending the call.
func printKey(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, _ ...grpc.CallOption) error {
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	fmt.Println("key", outgoing.Get("idempotency-key"))
	return nil
}

func ExampleNewClientInterceptor() {
	conn, err := grpc.NewClient("127.0.0.1:9090",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(idemgrpc.NewClientInterceptor("").Unary, printKey),
	)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	// Every unary call through conn has a new key. To retry a call, give it a key:
	ctx := idempotency.WithKey(context.Background(), "order-17")
	_, err = paymentsv1.NewPaymentServiceClient(conn).CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest))
	fmt.Println(err)
	// Output:
	// key [order-17]
	// <nil>
}
