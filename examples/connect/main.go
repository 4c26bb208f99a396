// Command connect guards a connect-go server: one engine, one interceptor, and
// the Connect, gRPC and gRPC-Web protocols replay what any of them recorded.
// The interceptor before it authenticates, so that a key belongs to a user.
//
//	go run ./examples/connect
//	curl -i -u ada:secret -H 'Idempotency-Key: order-1' -H 'Content-Type: application/json' \
//		-d '{"amount": 1250, "currency": "EUR"}' \
//		http://127.0.0.1:8080/payments.v1.PaymentService/CreatePayment
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

func main() {
	address := flag.String("addr", "127.0.0.1:8080", "`address` to listen on")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s", listener.Addr())
	log.Fatal(serve(listener))
}

func serve(listener net.Listener) error {
	engine, err := idempotency.New(memstore.New(), idempotency.WithScope(user), idempotency.WithKeyRequired())
	if err != nil {
		return err
	}
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(paymentsv1connect.NewPaymentServiceHandler(payments{}, connect.WithInterceptors(
		connect.UnaryInterceptorFunc(authenticate), // outer: the guard needs the user
		guard,
	)))
	server := &http.Server{Handler: mux, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true) // for gRPC without TLS
	return server.Serve(listener)
}

type userKey struct{}

// user is the scope of a key: two users with one key are strangers.
func user(ctx context.Context) (string, error) {
	name, _ := ctx.Value(userKey{}).(string)
	return name, nil
}

func authenticate(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		name, password, _ := (&http.Request{Header: request.Header()}).BasicAuth()
		if name == "" || password != "secret" {
			return nil, connect.NewError(connect.CodeUnauthenticated, errors.New("wrong name or password"))
		}
		return next(context.WithValue(ctx, userKey{}, name), request)
	}
}

type payments struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler
}

// CreatePayment charges whenever it is called, which is once for each key.
func (payments) CreatePayment(ctx context.Context, request *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	customer, _ := user(ctx)
	return connect.NewResponse(&paymentsv1.Payment{
		Id:       rand.Text(),
		Amount:   request.Msg.GetAmount(),
		Currency: request.Msg.GetCurrency(),
		Customer: customer,
	}), nil
}
