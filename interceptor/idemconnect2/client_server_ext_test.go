package idemconnect2_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
	"github.com/oncewire/idempotency/internal/refusal"
)

// watching returns an interceptor that invokes a function with what each stream
// receives.
func watching(received func(error)) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			stream, err := next(ctx, spec)
			return watchedStream{stream, received}, err
		}
	}
}

type watchedStream struct {
	connect.ClientStream

	received func(error)
}

func (s watchedStream) Receive(into any) error {
	err := s.ClientStream.Receive(into)
	s.received(err)
	return err
}

// TestCallInProgressIsAwaited over each protocol: the server says so until the first
// call is done.
func TestCallInProgressIsAwaited(t *testing.T) {
	for name, options := range protocols {
		t.Run(name, func(t *testing.T) { awaitCallInProgress(t, options) })
	}
}

func awaitCallInProgress(t *testing.T, options []connecthttp.Option) {
	t.Helper()
	started, finish := make(chan struct{}), make(chan struct{})
	service := &service{create: func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		close(started)
		<-finish
		return &paymentsv1.Payment{Id: "pay_1"}, nil
	}}
	refused := make(chan error, 1000)
	watch := watching(func(err error) {
		if err != nil {
			refused <- err
		}
	})
	interceptor := newClientInterceptor(t, idemconnect2.WithBackoff(time.Millisecond, time.Millisecond))
	quick := idempotency.WithPolicy("*", idempotency.Policy{RetryAfter: time.Millisecond})
	client := payments(t, service, newEngine(t, quick)).intercepted(options, interceptor, watch)
	ctx, cancel := context.WithTimeout(idempotency.WithKey(t.Context(), "k"), time.Minute)
	defer cancel()
	first := make(chan error)
	go func() {
		_, err := client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest))
		first <- err
	}()
	<-started
	go func() {
		for range 2 * idemconnect2.DefaultMaxAttempts {
			if refusal, ok := idemconnect2.Refusal(<-refused); !ok || !errors.Is(refusal, idempotency.ErrInProgress) {
				t.Errorf("refused with %v", refusal)
			}
		}
		close(finish)
	}()
	ctx, info := connect.NewClientContext(ctx)
	paid, err := client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest))
	if err != nil || paid.GetId() != "pay_1" || !idemconnect2.Replayed(info) {
		t.Errorf("got %v, %v", paid, err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// TestOtherRefusalsAreReturned as they are, without a retry.
func TestOtherRefusalsAreReturned(t *testing.T) {
	for name, options := range protocols {
		tries := 0
		client := payments(t, new(service), newEngine(t)).intercepted(options, newClientInterceptor(t), watching(func(error) { tries++ }))
		_, err := client.CreatePayment(idempotency.WithKey(t.Context(), "two words"), new(paymentsv1.CreatePaymentRequest))
		refused, ok := idemconnect2.Refusal(err)
		if !ok || !errors.Is(refused, idempotency.ErrKeyInvalid) || refused.Rule != "characters" || refused.Next() != idempotency.NextFixRequest || tries != 1 {
			t.Errorf("%s: refused with %+v (%v) after %d tries", name, refused, err, tries)
		}
	}
}

// newer is the refusal of a newer server.
func newer(next idempotency.Next, after time.Duration) error {
	refused := connect.NewError(connect.CodeFailedPrecondition, "no")
	for _, each := range refusal.Encode(&idempotency.Error{Reason: "NEW", Advised: next, RetryAfter: after}, "/s.S/M").GetDetails() {
		refused = refused.WithDetail(&connect.ErrorDetail{Type: string(each.MessageName()), Value: each.GetValue()})
	}
	return refused.WithRemote()
}

// TestRefusalOfANewerServer guides as that server says: the call is sent again for
// retry_same_key only, whenever that is.
func TestRefusalOfANewerServer(t *testing.T) {
	for _, next := range []idempotency.Next{
		idempotency.NextRetrySameKey, idempotency.NextUseNewKey, idempotency.NextFixRequest, idempotency.NextAskOperator,
	} {
		for _, after := range []time.Duration{0, time.Second} {
			inBubble(t, string(next), func(t *testing.T) {
				w := &wire{steps: []step{fails(newer(next, after))}}
				_, err := w.client(t, idemconnect2.WithMaxAttempts(2)).CreatePayment(t.Context(), new(paymentsv1.CreatePaymentRequest))
				refused, ok := idemconnect2.Refusal(err)
				if !ok || refused.Reason != "NEW" || refused.Next() != next || refused.RetryAfter != after {
					t.Errorf("after %v: decoded as %+v", after, refused)
				}
				if next == idempotency.NextRetrySameKey {
					w.sent(t, 2)
				} else {
					w.sent(t, 1)
				}
			})
		}
	}
}

// TestAnswersOfProxies, which do not speak the protocol, are sent for again.
func TestAnswersOfProxies(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		for name, options := range protocols {
			tries := 0
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				tries++
				http.Error(w, "no", status)
			}))
			interceptor := newClientInterceptor(t, idemconnect2.WithMaxAttempts(2), idemconnect2.WithBackoff(time.Millisecond, time.Millisecond))
			_, err := server.intercepted(options, interceptor).CreatePayment(t.Context(), new(paymentsv1.CreatePaymentRequest))
			if connect.CodeOf(err) != connect.CodeUnavailable || tries != 2 {
				t.Errorf("%s, %d: %v after %d tries", name, status, err, tries)
			}
		}
	}
}

func TestOtherErrorsAreNoRefusals(t *testing.T) {
	for _, err := range []error{nil, errors.New("no"), connect.NewError(connect.CodeAborted, "no"), context.Canceled, (*connect.Error)(nil)} {
		if refused, ok := idemconnect2.Refusal(err); ok || refused != nil {
			t.Errorf("%v is the refusal %v", err, refused)
		}
	}
}

func TestReplayedReadsTheMark(t *testing.T) {
	for name, test := range map[string]struct {
		field, value string
		as           []string
		want         bool
	}{
		"none":          {"X", "true", nil, false},
		"the mark":      {marker, "true", nil, true},
		"another value": {marker, "false", nil, false},
		"another field": {"Again", "true", []string{"again"}, true},
		"no field":      {marker, "true", []string{""}, true},
	} {
		inHeader, inTrailer := new(connect.CallInfo), new(connect.CallInfo)
		inHeader.ResponseHeader().Set(test.field, test.value)
		inTrailer.ResponseTrailer().Set(test.field, test.value)
		for _, info := range []*connect.CallInfo{inHeader, inTrailer} {
			if got := idemconnect2.Replayed(info, test.as...); got != test.want {
				t.Errorf("%s: %t", name, got)
			}
		}
	}
}
