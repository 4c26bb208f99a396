package idemconnect2_test

import (
	"context"
	"strconv"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// direct is a call without a connection: a [connect.Transport] of one server whose
// streams cost nothing.
type direct struct {
	call func(context.Context, connect.ServerStream) error
}

// newDirect returns a caller of CreatePayment behind the interceptors.
func newDirect(interceptors ...connect.ServerInterceptor) direct {
	server := connect.NewServer(interceptors...)
	server.Register(connect.Method{Spec: createSpec, Handler: createHandler})
	return direct{func(ctx context.Context, stream connect.ServerStream) error {
		return server.Call(ctx, createSpec.Procedure, stream.(*directStream).info, stream)
	}}
}

var createSpec = connect.Spec{
	Procedure: "/payments.v1.PaymentService/CreatePayment",
	Schema:    paymentsv1.File_payments_v1_payments_proto.Services().ByName("PaymentService").Methods().ByName("CreatePayment"),
}

// directStream hands out the request.
type directStream struct {
	info   *connect.CallInfo
	amount int64 // to add to that of the request
	sent   any
}

var directRequest = &paymentsv1.CreatePaymentRequest{
	Amount: 1250, Currency: "EUR", Customer: "cus_29f7e1", Description: "two coffees and a croissant",
}

func (s *directStream) Receive(into any) error {
	request := into.(*paymentsv1.CreatePaymentRequest)
	proto.Merge(request, directRequest)
	request.Amount += s.amount
	return nil
}
func (*directStream) SendHeaders() error { return nil }
func (s *directStream) Send(message any) error {
	s.sent = message
	return nil
}

// newStream returns the stream of a call with the key.
func newStream(key string) *directStream {
	stream := &directStream{info: new(connect.CallInfo)}
	if key != "" {
		stream.info.RequestHeader().Set(keyField, key)
	}
	return stream
}

// newStreams returns the streams of n calls, with the same key or with different ones.
func newStreams(n int, key func(int) string) []*directStream {
	streams := make([]*directStream, n)
	for i := range streams {
		streams[i] = newStream(key(i))
	}
	return streams
}

func noKey(int) string       { return "" }
func sameKey(int) string     { return "k" }
func newKey(call int) string { return "key-" + strconv.Itoa(call) }

// createHandler is what connect-go generates, with a service in it.
func createHandler(_ context.Context, _ connect.Spec, stream connect.ServerStream) error {
	var request paymentsv1.CreatePaymentRequest
	if err := stream.Receive(&request); err != nil {
		return err
	}
	return stream.Send(&paymentsv1.Payment{
		Id: "pay_6f1c2b7a", Amount: 1250, Currency: "EUR", Customer: "cus_29f7e1",
		Description: "two coffees and a croissant", Status: paymentsv1.PaymentStatus_PAYMENT_STATUS_SUCCEEDED,
		CreatedAt: &timestamppb.Timestamp{Seconds: 1790000000},
	})
}

// BenchmarkUnary compares a bare handler with guarded calls: without a key, a first
// call and a replay.
func BenchmarkUnary(b *testing.B) {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		b.Fatal(err)
	}
	bare, guarded := newDirect(), newDirect(newGuard(b, engine))
	raw := newDirect(newGuard(b, engine, idemconnect2.WithRawReplays()))
	ctx := context.Background()
	for name, each := range map[string]struct {
		direct direct
		key    func(int) string
	}{
		"bare":       {bare, noKey},
		"no key":     {guarded, noKey},
		"replay":     {guarded, sameKey},
		"raw replay": {raw, sameKey},
		"first call": {guarded, newKey},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			streams := newStreams(b.N, each.key)
			b.ResetTimer()
			for _, stream := range streams {
				if err := each.direct.call(ctx, stream); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
