// Command grpc guards a grpc-go server with one engine and one interceptor. Its
// handler reads the key and attempt of its call, and derives a key for a service
// that it calls itself.
//
//	go run ./examples/grpc
//	grpcurl -plaintext -v -H 'Idempotency-Key: order-1' \
//		-d '{"amount": 1250, "currency": "EUR", "customer": "ada"}' \
//		127.0.0.1:9090 payments.v1.PaymentService/CreatePayment
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

func main() {
	address := flag.String("addr", "127.0.0.1:9090", "`address` to listen on")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s", listener.Addr())
	log.Fatal(serve(listener))
}

func serve(listener net.Listener) error {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		return err
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary), grpc.StreamInterceptor(guard.Stream))
	paymentsv1.RegisterPaymentServiceServer(server, payments{})
	reflection.Register(server)
	return server.Serve(listener)
}

type payments struct {
	paymentsv1.UnimplementedPaymentServiceServer
}

// CreatePayment charges every time it runs. With a key, it runs once for each key.
func (payments) CreatePayment(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	if err := charge(ctx, request); err != nil {
		return nil, err
	}
	return &paymentsv1.Payment{
		Id:       rand.Text(),
		Amount:   request.GetAmount(),
		Currency: request.GetCurrency(),
		Customer: request.GetCustomer(),
		Status:   paymentsv1.PaymentStatus_PAYMENT_STATUS_SUCCEEDED,
	}, nil
}

// charge stands for a call to a card network that accepts idempotency keys. The
// derived key is the same at every attempt of this payment. So if this process
// dies here and another one takes the payment over, the network sees a retry.
func charge(ctx context.Context, request *paymentsv1.CreatePaymentRequest) error {
	if execution, guarded := idempotency.FromContext(ctx); guarded {
		log.Printf("%s with key %s, attempt %d: charging %s with key %s", execution.Operation,
			execution.Key, execution.Attempt, request.GetCustomer(), execution.DeriveKey("charge"))
	}
	return ctx.Err()
}
