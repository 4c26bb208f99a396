package idemconnect2_test

import (
	"context"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// spy is a stream that shows the messages that pass through it.
type spy struct {
	connect.ServerStream

	received, sent func(any)
}

func (s spy) Receive(into any) error {
	err := s.ServerStream.Receive(into)
	s.received(into)
	return err
}

func (s spy) Send(message any) error {
	s.sent(message)
	return s.ServerStream.Send(message)
}

// TestInterceptorsSeeTheMessages in their Go types, and replays with raw replays
// through reflection. Those outside see the request of each call, those inside that of
// the first.
func TestInterceptorsSeeTheMessages(t *testing.T) {
	for _, raw := range []bool{false, true} {
		var outside, inside, sent []proto.Message
		watch := func(requests *[]proto.Message, answers func(any)) connect.ServerInterceptor {
			return func(next connect.ServerFunc) connect.ServerFunc {
				return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
					return next(ctx, spec, spy{stream, func(message any) { *requests = append(*requests, message.(*paymentsv1.CreatePaymentRequest)) }, answers})
				}
			}
		}
		var options []idemconnect2.Option
		if raw {
			options = append(options, idemconnect2.WithRawReplays())
		}
		client := serveWith(t, new(service), watch(&outside, func(message any) { sent = append(sent, message.(proto.Message)) }),
			newGuard(t, newEngine(t), options...), watch(&inside, func(any) {})).newClient()
		request := &paymentsv1.CreatePaymentRequest{Amount: 7, Customer: "ada"}
		for range 2 {
			if _, err := create(client, "k", request); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := sent[1].(*paymentsv1.Payment); ok == raw || !proto.Equal(sent[0], sent[1]) {
			t.Errorf("raw %t: an outer interceptor sees %T %v, first %v", raw, sent[1], sent[1], sent[0])
		}
		if len(outside) != 2 || len(inside) != 1 || !proto.Equal(inside[0], request) {
			t.Errorf("raw %t: requests outside %v, inside %v", raw, outside, inside)
		}
	}
}
