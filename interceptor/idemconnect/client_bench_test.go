package idemconnect_test

import (
	"context"
	"slices"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	"github.com/oncewire/idempotency/gen/bookings/v1/bookingsv1connect"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

// sendNothing is an interceptor in place of the connection: it costs nothing.
func sendNothing(answer connect.AnyResponse) connect.Interceptor {
	return connect.UnaryInterceptorFunc(func(connect.UnaryFunc) connect.UnaryFunc {
		return func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) { return answer, nil }
	})
}

// benchClient has a client for each service.
type benchClient struct {
	payments paymentsv1connect.PaymentServiceClient
	bookings bookingsv1connect.BookingServiceClient
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
// call with a new key sends one too, in a copy of its message where the interceptor
// does so.
var clientCalls = []struct {
	name       string
	call, bare func(benchClient) error
	more       float64 // allocations that the interceptor may add
}{
	{"no side effects", read, read, 1},
	{"own key", payOwn, payOwn, 3},
	{"new key", pay, payNew, 2},
	{"new key, in the message too", book, bookNew, 4}, // 2 of them in protoreflect's Set
}

func read(client benchClient) error {
	_, err := client.payments.GetPayment(context.Background(), connect.NewRequest(new(paymentsv1.GetPaymentRequest)))
	return err
}

func pay(client benchClient) error {
	_, err := client.payments.CreatePayment(context.Background(), payment(""))
	return err
}

func payOwn(client benchClient) error {
	_, err := client.payments.CreatePayment(context.Background(), payment("own"))
	return err
}

func payNew(client benchClient) error {
	_, err := client.payments.CreatePayment(context.Background(), payment(idempotency.NewKey()))
	return err
}

func book(client benchClient) error {
	_, err := client.bookings.CreateBooking(context.Background(), booking("", ""))
	return err
}

func bookNew(client benchClient) error {
	request, key := booking("", ""), idempotency.NewKey()
	request.Msg = proto.CloneOf(request.Msg)
	request.Msg.BookingKey = key
	request.Header()[keyField] = []string{key}
	_, err := client.bookings.CreateBooking(context.Background(), request)
	return err
}

// benchClients returns a bare client and one with the interceptor.
func benchClients(tb testing.TB, options ...idemconnect.ClientOption) (bare, intercepted benchClient) {
	tb.Helper()
	dial := func(interceptors ...connect.Interceptor) benchClient {
		paid, booked := connect.NewResponse(new(paymentsv1.Payment)), connect.NewResponse(new(bookingsv1.CreateBookingResponse))
		with := func(answer connect.AnyResponse) connect.ClientOption {
			return connect.WithInterceptors(append(slices.Clone(interceptors), sendNothing(answer))...)
		}
		return benchClient{
			paymentsv1connect.NewPaymentServiceClient(nil, "http://payments.test", with(paid)),
			bookingsv1connect.NewBookingServiceClient(nil, "http://bookings.test", with(booked)),
		}
	}
	return dial(), dial(newClientInterceptor(tb, options...))
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
