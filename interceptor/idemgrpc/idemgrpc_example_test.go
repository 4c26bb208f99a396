package idemgrpc_test

import (
	"context"
	"fmt"
	"net"
	"strings"
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

// A client whose payment is made once, although the server's first answer is lost.
func ExampleNewClientInterceptor() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	tries, ledger := 0, new(bank)
	lossy := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		answer, err := handler(ctx, request)
		if tries++; tries == 1 {
			return nil, status.Error(codes.Unavailable, "lost")
		}
		return answer, err
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(lossy, guard.Unary))
	paymentsv1.RegisterPaymentServiceServer(server, ledger)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	defer server.Stop()

	client, err := idemgrpc.NewClientInterceptor()
	if err != nil {
		panic(err)
	}
	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(client.Unary),
	)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// A program that repeats the payment after a restart names its key.
	ctx = idempotency.WithKey(ctx, "order-17")
	var header metadata.MD
	payment, err := paymentsv1.NewPaymentServiceClient(conn).CreatePayment(ctx, &paymentsv1.CreatePaymentRequest{Amount: 1250}, grpc.Header(&header))
	fmt.Println(payment.GetId(), err)
	fmt.Println(tries, "tries, replayed:", idemgrpc.Replayed(header), "- charges:", ledger.charges)
	// Output:
	// pay_1 <nil>
	// 2 tries, replayed: true - charges: 1
}

func ExampleRefusal() {
	err := refusedPayment()
	if refusal, refused := idemgrpc.Refusal(err); refused {
		switch refusal.Next() {
		case idempotency.NextRetrySameKey:
			fmt.Println("the interceptor has tried already; try again later, after", refusal.RetryAfter)
		case idempotency.NextUseNewKey, idempotency.NextFixRequest:
			fmt.Println("a mistake of this program:", refusal.Reason, refusal.Rule)
		case idempotency.NextAskOperator:
			fmt.Println("find out whether the payment was made")
		}
	}
	// Output: a mistake of this program: KEY_INVALID length
}

// refusedPayment is what a client gets for a key that is too long.
func refusedPayment() error {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		return err
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		return err
	}
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("idempotency-key", strings.Repeat("x", 300)))
	_, err = guard.Unary(ctx, new(paymentsv1.CreatePaymentRequest), &grpc.UnaryServerInfo{FullMethod: "/payments.v1.PaymentService/CreatePayment"}, nil)
	return err
}
