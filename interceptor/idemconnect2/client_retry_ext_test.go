package idemconnect2_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// TestWhatIsSentAgain, of a call that has a key. The second try is answered.
func TestWhatIsSentAgain(t *testing.T) {
	for name, first := range map[string]step{
		"unavailable":            answers(connect.CodeUnavailable),
		"no connection":          fails(connect.NewError(connect.CodeUnavailable, "connection refused")),
		"a reset connection":     fails(connect.NewError(connect.CodeCanceled, "read: connection reset by peer")),
		"a cut answer":           fails(connect.NewError(connect.CodeUnknown, "unexpected EOF").WithCause(io.ErrUnexpectedEOF)),
		"a cut replay":           cut(answers(connect.CodeUnknown, marker, "true")),
		"a reset stream":         fails(connect.NewError(connect.CodeInternal, "stream error: stream ID 1; INTERNAL_ERROR; received from peer")),
		"exhausted, told when":   asksFor(t, connect.CodeResourceExhausted, time.Second),
		"exhausted, Retry-After": answers(connect.CodeResourceExhausted, "Retry-After", "1"),
		"exhausted, pushed back": ends(connect.CodeResourceExhausted, "Grpc-Retry-Pushback-Ms", "10"),
		"aborted, told when":     asksFor(t, connect.CodeAborted, time.Second),
	} {
		inBubble(t, name, func(t *testing.T) { (&wire{steps: []step{first, done}}).gets(t, 0, 2) })
	}
}

// cut is an answer that breaks off.
func cut(answer step) step {
	return func(ctx context.Context, t try) (proto.Message, error) {
		_, _ = answer(ctx, t)
		return nil, connect.NewError(connect.CodeUnknown, "unexpected EOF").WithCause(io.ErrUnexpectedEOF)
	}
}

// TestWhatSettles a call: it is sent once.
func TestWhatSettles(t *testing.T) {
	for name, test := range map[string]struct {
		only step
		code connect.Code
	}{
		"done":                       {done, 0},
		"an error without a code":    {fails(errors.New("no")), connect.CodeUnknown},
		"deadline exceeded":          {answers(connect.CodeDeadlineExceeded), connect.CodeDeadlineExceeded},
		"the time limit of net/http": {fails(connect.NewError(connect.CodeDeadlineExceeded, "no").WithCause(context.DeadlineExceeded)), connect.CodeDeadlineExceeded},
		"canceled by the server":     {answers(connect.CodeCanceled), connect.CodeCanceled},
		"internal":                   {asksFor(t, connect.CodeInternal, time.Second), connect.CodeInternal},
		"exhausted":                  {answers(connect.CodeResourceExhausted), connect.CodeResourceExhausted},
		"aborted":                    {answers(connect.CodeAborted), connect.CodeAborted},
		"a longer pause":             {answers(connect.CodeUnavailable, "Retry-After", "61"), connect.CodeUnavailable},
		"told not to":                {answers(connect.CodeUnavailable, "Grpc-Retry-Pushback-Ms", "-1"), connect.CodeUnavailable},
		"a replay":                   {answers(connect.CodeUnavailable, marker, "true"), connect.CodeUnavailable},
		"a replay over gRPC":         {ends(connect.CodeUnavailable, marker, "true"), connect.CodeUnavailable},
		"a bad certificate":          {fails(connect.NewError(connect.CodeUnavailable, "no").WithCause(&tls.CertificateVerificationError{})), connect.CodeUnavailable},
	} {
		inBubble(t, name, func(t *testing.T) { (&wire{steps: []step{test.only}}).gets(t, test.code, 1) })
	}
}

func TestServerAsksForAPause(t *testing.T) {
	for name, first := range map[string]step{
		"RetryInfo":              asksFor(t, connect.CodeUnavailable, 7*time.Second),
		"pushback":               ends(connect.CodeUnavailable, "Grpc-Retry-Pushback-Ms", "7000"),
		"Retry-After":            answers(connect.CodeUnavailable, "Retry-After", "7"),
		"Retry-After of a proxy": proxied("7"),
	} {
		inBubble(t, name, func(t *testing.T) {
			w := &wire{steps: []step{first, done}}
			w.gets(t, 0, 2)
			if pause := w.times[1].Sub(w.times[0]); pause != 7*time.Second {
				t.Errorf("paused %v", pause)
			}
		})
	}
}

// proxied is an answer that is not in the protocol.
func proxied(retryAfter string) step {
	return func(_ context.Context, t try) (proto.Message, error) {
		t.info.ResponseHeader().Set("Retry-After", retryAfter)
		return nil, connect.NewError(connect.CodeUnavailable, "503 Service Unavailable")
	}
}

// TestDeadlineOfTheCaller: there is no retry beyond it, and it ends the call.
func TestDeadlineOfTheCaller(t *testing.T) {
	for name, test := range map[string]struct {
		only step
		took time.Duration
	}{
		"a pause beyond it": {asksFor(t, connect.CodeUnavailable, time.Second), 0},
		"a slow server":     {takes(time.Minute, done), time.Second},
	} {
		inBubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			w, start := &wire{steps: []step{test.only}}, time.Now()
			if _, err := w.client(t).CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest)); err == nil || time.Since(start) != test.took {
				t.Errorf("got %v after %v", err, time.Since(start))
			}
			w.sent(t, 1)
		})
	}
}

// TestBudgetStopsRetries of all calls of an interceptor.
func TestBudgetStopsRetries(t *testing.T) {
	inBubble(t, "outage", func(t *testing.T) {
		w := &wire{steps: []step{answers(connect.CodeUnavailable)}}
		client := w.client(t, idemconnect2.WithMaxAttempts(2), idemconnect2.WithRetryBudget(10, 1))
		for range 100 {
			if _, err := client.CreatePayment(t.Context(), new(paymentsv1.CreatePaymentRequest)); err == nil {
				t.Fatal("no error")
			}
		}
		if len(w.times) != 110 {
			t.Errorf("100 calls in an outage were sent %d times, with a budget of 10", len(w.times))
		}
	})
}
