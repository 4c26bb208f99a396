package idemconnect2_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// open opens the stream of a unary call, as interceptors outside do.
func (w *wire) open(ctx context.Context, t *testing.T, options ...idemconnect2.ClientOption) connect.ClientStream {
	t.Helper()
	stream, err := newClientInterceptor(t, options...)(w.NewClientStream)(ctx, connect.Spec{Procedure: createSpec.Procedure})
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// TestStreamOfACall obeys the contract of streams.
func TestStreamOfACall(t *testing.T) {
	w := &wire{steps: []step{done}}
	stream, payment := w.open(t.Context(), t), new(paymentsv1.Payment)
	if err := errors.Join(stream.SendHeaders(), stream.Send(new(paymentsv1.CreatePaymentRequest)), stream.CloseSend(), stream.CloseSend()); err != nil {
		t.Fatal(err)
	}
	if stream.Send(new(paymentsv1.CreatePaymentRequest)) == nil {
		t.Error("a second message is sent")
	}
	if err := stream.Receive(payment); err != nil || payment.GetId() != "pay_1" {
		t.Errorf("got %v, %v", payment, err)
	}
	if err := stream.Receive(payment); !errors.Is(err, io.EOF) {
		t.Errorf("then %v", err)
	}
	if err := errors.Join(stream.Close(), stream.Close()); err != nil {
		t.Error(err)
	}
	w.sent(t, 1)
}

func TestStreamWithoutAMessage(t *testing.T) {
	w := &wire{steps: []step{done}}
	stream := w.open(t.Context(), t)
	_ = stream.CloseSend()
	if err := stream.Send(new(paymentsv1.CreatePaymentRequest)); !errors.Is(err, io.EOF) {
		t.Errorf("a message after the end: %v", err)
	}
	if stream.Receive(new(paymentsv1.Payment)) == nil {
		t.Error("no error")
	}
	closed := w.open(t.Context(), t)
	_ = closed.Close()
	if err := closed.Receive(new(paymentsv1.Payment)); !errors.Is(err, io.EOF) {
		t.Errorf("after Close: %v", err)
	}
	w.sent(t, 0)
}

// TestReceiveWaitsForTheMessage on another goroutine, or for the end of the context.
func TestReceiveWaitsForTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{steps: []step{done}}
		stream, received := w.open(t.Context(), t), make(chan error, 1)
		go func() { received <- stream.Receive(new(paymentsv1.Payment)) }()
		synctest.Wait()
		if err := errors.Join(stream.Send(new(paymentsv1.CreatePaymentRequest)), <-received); err != nil {
			t.Error(err)
		}
		w.sent(t, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.open(ctx, t).Receive(new(paymentsv1.Payment)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without a message: %v", err)
		}
	})
}

// TestCloseEndsTheCall during a try, and during a pause, with hedging too.
func TestCloseEndsTheCall(t *testing.T) {
	for when, only := range map[string]step{"try": takes(time.Hour, done), "pause": answers(connect.CodeUnavailable, "Retry-After", "50")} {
		for name, options := range plainAndHedging {
			inBubble(t, when+", "+name, func(t *testing.T) {
				w, start := &wire{steps: []step{only}}, time.Now()
				stream := w.open(t.Context(), t, options...)
				_ = stream.Send(new(paymentsv1.CreatePaymentRequest))
				time.AfterFunc(time.Second, func() { _ = stream.Close() })
				if err := stream.Receive(new(paymentsv1.Payment)); err == nil || time.Since(start) != time.Second {
					t.Errorf("got %v after %v", err, time.Since(start))
				}
				w.sent(t, 1)
			})
		}
	}
}

// TestErrorsOfAStream reach the caller: of opening, sending and closing it.
func TestErrorsOfAStream(t *testing.T) {
	failure := errors.New("no")
	for name, broken := range map[string]func(connect.ClientStream) connect.ClientStream{
		"open":      nil,
		"Send":      func(s connect.ClientStream) connect.ClientStream { return brokenStream{s, failure, nil, nil} },
		"CloseSend": func(s connect.ClientStream) connect.ClientStream { return brokenStream{s, nil, failure, nil} },
		"Close":     func(s connect.ClientStream) connect.ClientStream { return brokenStream{s, nil, nil, failure} },
	} {
		w := &wire{steps: []step{done}}
		inner := func(next connect.ClientFunc) connect.ClientFunc {
			return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
				if broken == nil {
					return nil, failure
				}
				stream, err := next(ctx, spec)
				return broken(stream), err
			}
		}
		client := connect.NewClient(w, newClientInterceptor(t), inner)
		if err := client.CallUnary(t.Context(), createSpec, new(paymentsv1.CreatePaymentRequest), new(paymentsv1.Payment)); !errors.Is(err, failure) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// brokenStream is a stream of which one operation fails.
type brokenStream struct {
	connect.ClientStream

	send, closeSend, closing error
}

func (f brokenStream) Send(message any) error {
	return errors.Join(f.send, f.ClientStream.Send(message))
}
func (f brokenStream) CloseSend() error { return errors.Join(f.closeSend, f.ClientStream.CloseSend()) }
func (f brokenStream) Close() error     { return errors.Join(f.closing, f.ClientStream.Close()) }

// TestFailedTryLeavesNothing in what the next one receives into.
func TestFailedTryLeavesNothing(t *testing.T) {
	inBubble(t, "retry", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable, "X-Try", "1"), func(_ context.Context, tried try) (proto.Message, error) {
			tried.info.ResponseHeader().Set("X-Answer", "1")
			return &paymentsv1.Payment{Id: "p"}, nil
		}}}
		ctx, info := connect.NewClientContext(t.Context())
		if _, err := w.client(t).CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest)); err != nil || info.ResponseHeader().Has("X-Try") || !info.ResponseHeader().Has("X-Answer") {
			t.Errorf("%v, the answer has %v", err, info.ResponseHeader())
		}
	})
}
