// Command gateway puts REST in front of a guarded gRPC server. The interceptor
// guards the calls; the options of the mux forward the key to it, and return the
// replay marker and refusals. A call that is made over REST and retried over gRPC
// is a replay. (examples/payments guards the edge too.)
//
//	go run ./examples/gateway
//	curl -i -H 'Idempotency-Key: order-1' \
//		-d '{"amount": 1250, "currency": "EUR", "customer": "ada"}' http://127.0.0.1:8080/v1/payments
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"log"
	"net"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

func main() {
	restAddress := flag.String("addr", "127.0.0.1:8080", "`address` of REST")
	grpcAddress := flag.String("grpc", "127.0.0.1:9090", "`address` of gRPC")
	flag.Parse()
	rest, err := net.Listen("tcp", *restAddress)
	if err != nil {
		log.Fatal(err)
	}
	rpc, err := net.Listen("tcp", *grpcAddress)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("REST on %s, gRPC on %s", rest.Addr(), rpc.Addr())
	log.Fatal(serve(rest, rpc))
}

// serve returns when one of the servers fails.
func serve(rest, rpc net.Listener) error {
	failed := make(chan error, 2)
	go func() { failed <- serveGRPC(rpc) }()
	go func() { failed <- serveREST(rest, rpc.Addr().String()) }()
	return <-failed
}

func serveGRPC(listener net.Listener) error {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		return err
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary))
	paymentsv1.RegisterPaymentServiceServer(server, payments{})
	return server.Serve(listener)
}

func serveREST(listener net.Listener, grpcAddress string) error {
	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // closes the connection to the gRPC server
	err := paymentsv1.RegisterPaymentServiceHandlerFromEndpoint(ctx, mux, grpcAddress,
		[]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())})
	if err != nil {
		return err
	}
	return http.Serve(listener, mux)
}

type payments struct {
	paymentsv1.UnimplementedPaymentServiceServer
}

// CreatePayment charges every time it runs. With a key, it runs once for each key.
func (payments) CreatePayment(_ context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	return &paymentsv1.Payment{
		Id:       rand.Text(),
		Amount:   request.GetAmount(),
		Currency: request.GetCurrency(),
		Customer: request.GetCustomer(),
	}, nil
}
