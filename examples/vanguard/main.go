// Command vanguard puts REST in front of a guarded Connect service with Vanguard, in one
// process and on one port. The interceptor guards the calls, and package idemvanguard
// gives REST the replay marker, statuses and problem details. A call that is made over
// REST and retried over Connect, gRPC or gRPC-Web is a replay.
//
//	go run ./examples/vanguard
//	curl -i -H 'Idempotency-Key: order-1' -H 'Content-Type: application/json' \
//		-d '{"amount": 1250, "currency": "EUR", "customer": "ada"}' http://127.0.0.1:8080/v1/payments
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"log"
	"net"
	"net/http"

	"connectrpc.com/connect"
	"connectrpc.com/vanguard"
	"google.golang.org/genproto/googleapis/api/annotations"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/httpmw/idemvanguard"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

func main() {
	address := flag.String("addr", "127.0.0.1:8080", "`address` of REST, Connect, gRPC and gRPC-Web")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("REST, Connect, gRPC and gRPC-Web on %s", listener.Addr())
	log.Fatal(serve(listener))
}

// serve returns when the server fails.
func serve(listener net.Listener) error {
	handler, err := newHandler()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true) // which gRPC needs
	return server.Serve(listener)
}

func newHandler() (http.Handler, error) {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		return nil, err
	}
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		return nil, err
	}
	path, service := paymentsv1connect.NewPaymentServiceHandler(payments{}, connect.WithInterceptors(guard))
	services := []*vanguard.Service{vanguard.NewService(path, idemvanguard.Service(service))}
	transcoder, err := vanguard.NewTranscoder(services, vanguard.WithRules(route))
	if err != nil {
		return nil, err
	}
	return idemvanguard.Handler(transcoder), nil
}

// route is the REST route. Vanguard also reads routes from the schema (google.api.http).
var route = &annotations.HttpRule{
	Selector: "payments.v1.PaymentService.CreatePayment",
	Pattern:  &annotations.HttpRule_Post{Post: "/v1/payments"},
	Body:     "*",
}

type payments struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler
}

// CreatePayment charges every time it runs. With a key, it runs once for each key.
func (payments) CreatePayment(_ context.Context, request *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	return connect.NewResponse(&paymentsv1.Payment{
		Id:       rand.Text(),
		Amount:   request.Msg.GetAmount(),
		Currency: request.Msg.GetCurrency(),
		Customer: request.Msg.GetCustomer(),
	}), nil
}
