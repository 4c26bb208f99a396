package idemconnect2_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect/v2"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// accessLog remembers whether the last answer was a replay, as an interceptor and a
// middleware outside the guard see it.
type accessLog struct {
	unary       atomic.Bool
	mu          sync.Mutex // held until ServeHTTP returns, which the client does not wait for
	http, asked bool
}

func (l *accessLog) intercept(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		ctx, replayed := idemconnect2.ReplayedContext(ctx)
		err := next(ctx, spec, stream)
		l.unary.Store(replayed())
		return err
	}
}

func (l *accessLog) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, replayed := idemconnect2.ReplayedContext(r.Context())
		l.mu.Lock()
		defer l.mu.Unlock()
		next.ServeHTTP(w, r.WithContext(ctx))
		l.http, l.asked = replayed(), true
	})
}

func (l *accessLog) saw(t *testing.T, what string, want bool) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unary.Load() != want || l.http != want || !l.asked {
		t.Errorf("%s: the interceptor saw a replay: %t, the middleware: %t, want %t", what, l.unary.Load(), l.http, want)
	}
	l.asked = false
}

// TestOuterLayersKnowReplays : of messages and of errors, over every protocol, and that
// a refusal is none.
func TestOuterLayersKnowReplays(t *testing.T) {
	service := &service{create: func(_ context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		if request.GetAmount() > 0 {
			return nil, connect.NewError(connect.CodeFailedPrecondition, "declined")
		}
		return new(paymentsv1.Payment), nil
	}}
	log := new(accessLog)
	server := serve(t, log.wrap(mounted(newServer(service, log.intercept, newGuard(t, newEngine(t))))))
	declined := &paymentsv1.CreatePaymentRequest{Amount: 1}
	for protocol, options := range protocols {
		client := server.newClient(options...)
		for _, step := range []struct {
			what, key string
			request   *paymentsv1.CreatePaymentRequest
			want      bool
		}{
			{"a first call", "a", nil, false},
			{"its replay", "a", nil, true},
			{"a refusal", "a", declined, false},
			{"a first error", "b", declined, false},
			{"its replay", "b", declined, true},
		} {
			_, _ = create(client, step.key+"-"+keyOf(protocol), step.request)
			log.saw(t, protocol+": "+step.what, step.want)
		}
	}
}

// TestReplayOfInnerGuardIsOne : the outer guard has another engine, which does not know
// the key.
func TestReplayOfInnerGuardIsOne(t *testing.T) {
	log, inner := new(accessLog), newGuard(t, newEngine(t))
	for _, again := range []bool{false, true} {
		services := newServer(new(service), log.intercept, newGuard(t, newEngine(t)), inner)
		if _, err := create(serve(t, log.wrap(mounted(services))).newClient(), "k", nil); err != nil {
			t.Error(err)
		}
		log.saw(t, "inner guard", again)
	}
}
