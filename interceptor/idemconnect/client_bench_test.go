package idemconnect_test

import (
	"context"
	"testing"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

var nothing = connect.NewResponse(new(paymentsv1.Payment))

// sendNothing is an interceptor in place of the connection: it costs nothing.
func sendNothing(connect.UnaryFunc) connect.UnaryFunc {
	return func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) { return nothing, nil }
}

// payment returns a new request for each call, as programs send them. It has the
// headers that connect-go would set later.
func payment(key string) *createRequest {
	request := connect.NewRequest(new(paymentsv1.CreatePaymentRequest))
	if key != "" {
		request.Header()[keyField] = []string{key}
	}
	return request
}

// clientCalls are the pairs of a bare call and one through the interceptor. The bare
// call with a new key sends one too.
var clientCalls = []struct {
	name       string
	call, bare func(paymentsv1connect.PaymentServiceClient) error
	more       float64 // allocations that the interceptor may add
}{
	{"no side effects", read, read, 1},
	{"own key", payOwn, payOwn, 3},
	{"new key", pay, payNew, 2},
}

func read(client paymentsv1connect.PaymentServiceClient) error {
	_, err := client.GetPayment(context.Background(), connect.NewRequest(new(paymentsv1.GetPaymentRequest)))
	return err
}

func pay(client paymentsv1connect.PaymentServiceClient) error {
	_, err := client.CreatePayment(context.Background(), payment(""))
	return err
}

func payOwn(client paymentsv1connect.PaymentServiceClient) error {
	_, err := client.CreatePayment(context.Background(), payment("own"))
	return err
}

func payNew(client paymentsv1connect.PaymentServiceClient) error {
	_, err := client.CreatePayment(context.Background(), payment(idempotency.NewKey()))
	return err
}

// benchClients returns a bare client and one with the interceptor.
func benchClients(tb testing.TB, options ...idemconnect.ClientOption) (bare, intercepted paymentsv1connect.PaymentServiceClient) {
	tb.Helper()
	last := connect.UnaryInterceptorFunc(sendNothing)
	return server{url: "http://payments.test"}.newClient(connect.WithInterceptors(last)),
		server{url: "http://payments.test"}.newClient(connect.WithInterceptors(newClientInterceptor(tb, options...), last))
}

// BenchmarkClient shows what the interceptor adds to a call that is answered at once.
func BenchmarkClient(b *testing.B) {
	bare, intercepted := benchClients(b)
	for _, each := range clientCalls {
		for name, call := range map[string]func() error{
			"bare":        func() error { return each.bare(bare) },
			"interceptor": func() error { return each.call(intercepted) },
		} {
			b.Run(each.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
