package idemconnect_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/internal/refusal"
)

// TestCallInProgressIsAwaited over each protocol: the server says so until the first
// call is done.
func TestCallInProgressIsAwaited(t *testing.T) {
	for name, options := range protocols {
		t.Run(name, func(t *testing.T) { awaitCallInProgress(t, options) })
	}
}

func awaitCallInProgress(t *testing.T, options []connect.ClientOption) {
	t.Helper()
	started, finish := make(chan struct{}), make(chan struct{})
	service := &service{create: func(context.Context, *createRequest) (*createResponse, error) {
		close(started)
		<-finish
		return connect.NewResponse(&paymentsv1.Payment{Id: "pay_1"}), nil
	}}
	refused := make(chan error, 1000)
	watch := connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			response, err := next(ctx, request)
			if err != nil {
				refused <- err
			}
			return response, err
		}
	})
	interceptor := newClientInterceptor(t, idemconnect.WithBackoff(time.Millisecond, time.Millisecond))
	quick := idempotency.WithPolicy("*", idempotency.Policy{RetryAfter: time.Millisecond})
	client := payments(t, service, newEngine(t, quick)).newClient(append(slices.Clone(options), connect.WithInterceptors(interceptor, watch))...)
	ctx, cancel := context.WithTimeout(idempotency.WithKey(t.Context(), "k"), time.Minute)
	defer cancel()
	first := make(chan error)
	go func() {
		_, err := client.CreatePayment(ctx, connect.NewRequest(new(paymentsv1.CreatePaymentRequest)))
		first <- err
	}()
	<-started
	go func() {
		for range 2 * idemconnect.DefaultMaxAttempts {
			if refusal, ok := idemconnect.Refusal(<-refused); !ok || !errors.Is(refusal, idempotency.ErrInProgress) {
				t.Errorf("refused with %v", refusal)
			}
		}
		close(finish)
	}()
	paid, err := client.CreatePayment(ctx, connect.NewRequest(new(paymentsv1.CreatePaymentRequest)))
	if err != nil || paid.Msg.GetId() != "pay_1" || !idemconnect.Replayed(paid.Header()) {
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
		count := connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
			return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
				tries++
				return next(ctx, request)
			}
		})
		client := payments(t, new(service), newEngine(t)).newClient(append(slices.Clone(options), connect.WithInterceptors(newClientInterceptor(t), count))...)
		_, err := client.CreatePayment(idempotency.WithKey(t.Context(), "two words"), connect.NewRequest(new(paymentsv1.CreatePaymentRequest)))
		refused, ok := idemconnect.Refusal(err)
		if !ok || !errors.Is(refused, idempotency.ErrKeyInvalid) || refused.Rule != "characters" || refused.Next() != idempotency.NextFixRequest || tries != 1 {
			t.Errorf("%s: refused with %+v (%v) after %d tries", name, refused, err, tries)
		}
	}
}

// newer is the refusal of a newer server.
func newer(t *testing.T, next idempotency.Next, after time.Duration) error {
	t.Helper()
	refused := connect.NewWireError(connect.CodeFailedPrecondition, errors.New("no"))
	for _, each := range refusal.Encode(&idempotency.Error{Reason: "NEW", Advised: next, RetryAfter: after}, "/s.S/M").GetDetails() {
		detail, err := connect.NewErrorDetail(each)
		if err != nil {
			t.Fatal(err)
		}
		refused.AddDetail(detail)
	}
	return refused
}

// TestRefusalOfANewerServer guides as that server says: the call is sent again for
// retry_same_key only, whenever that is.
func TestRefusalOfANewerServer(t *testing.T) {
	for _, next := range []idempotency.Next{
		idempotency.NextRetrySameKey, idempotency.NextUseNewKey, idempotency.NextFixRequest, idempotency.NextAskOperator,
	} {
		for _, after := range []time.Duration{0, time.Second} {
			inBubble(t, string(next), func(t *testing.T) {
				w := &wire{steps: []step{fails(newer(t, next, after))}}
				_, err := w.client(t, idemconnect.WithMaxAttempts(2)).CreatePayment(t.Context(), connect.NewRequest(new(paymentsv1.CreatePaymentRequest)))
				refused, ok := idemconnect.Refusal(err)
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
			interceptor := newClientInterceptor(t, idemconnect.WithMaxAttempts(2), idemconnect.WithBackoff(time.Millisecond, time.Millisecond))
			_, err := server.newClient(append(slices.Clone(options), connect.WithInterceptors(interceptor))...).CreatePayment(t.Context(), connect.NewRequest(new(paymentsv1.CreatePaymentRequest)))
			if connect.CodeOf(err) != connect.CodeUnavailable || tries != 2 {
				t.Errorf("%s, %d: %v after %d tries", name, status, err, tries)
			}
		}
	}
}

func TestOtherErrorsAreNoRefusals(t *testing.T) {
	for _, err := range []error{nil, errors.New("no"), connect.NewError(connect.CodeAborted, errors.New("no")), context.Canceled} {
		if refused, ok := idemconnect.Refusal(err); ok || refused != nil {
			t.Errorf("%v is the refusal %v", err, refused)
		}
	}
}

func TestReplayedReadsTheMark(t *testing.T) {
	for name, test := range map[string]struct {
		header http.Header
		field  []string
		want   bool
	}{
		"none":          {nil, nil, false},
		"the mark":      {http.Header{marker: {"true"}}, nil, true},
		"another value": {http.Header{marker: {"false"}}, nil, false},
		"another field": {http.Header{"Again": {"true"}}, []string{"again"}, true},
		"no field":      {http.Header{marker: {"true"}}, []string{""}, true},
	} {
		if got := idemconnect.Replayed(test.header, test.field...); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
