package idemconnect2_test

import (
	"context"
	"testing"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
)

// nothing is a [connect.Transport] in place of a connection: it costs nothing.
type nothing struct{}

func (nothing) NewClientStream(context.Context, connect.Spec) (connect.ClientStream, error) {
	return nothing{}, nil
}
func (nothing) SendHeaders() error { return nil }
func (nothing) Send(any) error     { return nil }
func (nothing) CloseSend() error   { return nil }
func (nothing) Receive(any) error  { return nil }
func (nothing) Close() error       { return nil }

// clientCalls are the pairs of a bare call and one through the interceptor. The bare
// call with a new key sends one too.
var clientCalls = []struct {
	name       string
	call, bare func(caller) error
	more       float64 // allocations that the interceptor may add
}{
	{"no side effects", read, read, 5},
	{"own key", payOwn, payOwn, 7},
	{"new key", pay, payNew, 4},
}

func read(client caller) error {
	_, err := client.GetPayment(context.Background(), new(paymentsv1.GetPaymentRequest))
	return err
}

func pay(client caller) error {
	_, err := client.CreatePayment(context.Background(), new(paymentsv1.CreatePaymentRequest))
	return err
}

func payOwn(client caller) error { return payWith(client, "own") }
func payNew(client caller) error { return payWith(client, idempotency.NewKey()) }

func payWith(client caller, key string) error {
	ctx, info := connect.NewClientContext(context.Background())
	info.RequestHeader().Set(keyField, key)
	_, err := client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest))
	return err
}

// benchClients returns a bare client and one with the interceptor.
func benchClients(tb testing.TB) (bare, intercepted caller) {
	tb.Helper()
	return paymentsv1connect.NewPaymentServiceClient(connect.NewClient(nothing{})),
		paymentsv1connect.NewPaymentServiceClient(connect.NewClient(nothing{}, newClientInterceptor(tb)))
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
