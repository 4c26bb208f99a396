// Command connect guards a connect-go server with one engine and one interceptor.
// A call over Connect, gRPC or gRPC-Web replays what any of them recorded. The
// interceptor outside the guard authenticates the user, who is the scope of keys.
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
	engine, err := idempotency.New(memstore.New(),
		idempotency.WithScope(user),
		idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired}),
	)
	if err != nil {
		return err
	}
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(paymentsv1connect.NewPaymentServiceHandler(payments{}, connect.WithInterceptors(
		connect.UnaryInterceptorFunc(authenticate), // before the guard, which needs the user
		guard,
	)))
	server := &http.Server{Handler: mux, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true) // for gRPC without TLS
	return server.Serve(listener)
}

type userKey struct{}

// user returns the scope of a key: the same key of two users is two keys.
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

// CreatePayment charges every time it runs, which is once for each user and key.
func (payments) CreatePayment(ctx context.Context, request *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	customer, _ := user(ctx)
	return connect.NewResponse(&paymentsv1.Payment{
		Id:       rand.Text(),
		Amount:   request.Msg.GetAmount(),
		Currency: request.Msg.GetCurrency(),
		Customer: customer,
	}), nil
}
