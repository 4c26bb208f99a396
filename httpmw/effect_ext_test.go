package httpmw_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/httpmw"
)

// charges counts the effects of a handler, and the runs that were takeovers.
type charges struct {
	made, recovered atomic.Int64
}

func (c *charges) charge(ctx context.Context) {
	c.made.Add(1)
	if execution, _ := idempotency.FromContext(ctx); execution.Recovered {
		c.recovered.Add(1)
	}
}

// proxyTo returns a proxy to the handler, which runs on another server.
func proxyTo(t *testing.T, handler http.Handler) *httputil.ReverseProxy {
	t.Helper()
	target, err := url.Parse(startHTTP1(t, handler).URL)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

// chargesThenDrops has its effect and then closes the connection.
func chargesThenDrops(t *testing.T, upstream *charges) http.Handler {
	t.Helper()
	return proxyTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upstream.charge(r.Context())
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			err = connection.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}))
}

// chargesThenHangs has its effect and runs longer than a time limit inside the
// guard.
func chargesThenHangs(t *testing.T, done *charges) http.Handler {
	t.Helper()
	return http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		done.charge(r.Context())
		<-r.Context().Done()
	}), time.Millisecond, "too slow")
}

// chargesThenFails is a Connect service.
func chargesThenFails(code connect.Code) func(*testing.T, *charges) http.Handler {
	return func(_ *testing.T, done *charges) http.Handler {
		_, handler := paymentsv1connect.NewPaymentServiceHandler(service{func(ctx context.Context) error {
			done.charge(ctx)
			return connect.NewError(code, io.ErrClosedPipe)
		}})
		return handler
	}
}

type service struct{ pay func(context.Context) error }

func (s service) CreatePayment(ctx context.Context, _ *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	if err := s.pay(ctx); err != nil {
		return nil, err
	}
	return connect.NewResponse(&paymentsv1.Payment{Id: "1"}), nil
}

func (service) UpdatePayment(context.Context, *connect.Request[paymentsv1.UpdatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	return nil, io.ErrClosedPipe
}

func (service) GetPayment(context.Context, *connect.Request[paymentsv1.GetPaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	return nil, io.ErrClosedPipe
}

func (service) ListPayments(context.Context, *connect.Request[paymentsv1.ListPaymentsRequest]) (*connect.Response[paymentsv1.ListPaymentsResponse], error) {
	return nil, io.ErrClosedPipe
}

// TestAnswerAfterTheEffect: a handler has its effect and then gives an answer that
// says nothing about it. With Reject there is no second effect. With Retry the next
// attempts see that they are takeovers.
func TestAnswerAfterTheEffect(t *testing.T) {
	tests := map[string]struct {
		handler func(*testing.T, *charges) http.Handler
		status  int
	}{
		"proxy whose upstream drops":  {chargesThenDrops, http.StatusBadGateway},
		"time limit inside":           {chargesThenHangs, http.StatusServiceUnavailable},
		"Connect deadline exceeded":   {chargesThenFails(connect.CodeDeadlineExceeded), http.StatusGatewayTimeout},
		"Connect unavailable":         {chargesThenFails(connect.CodeUnavailable), http.StatusServiceUnavailable},
		"Connect canceled":            {chargesThenFails(connect.CodeCanceled), 499},
		"forwarded by another server": {forwards, http.StatusGatewayTimeout},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Run("Reject", func(t *testing.T) {
				var effects charges
				engine := newEngine(t, rejectAbandoned)
				server := startHTTP1(t, newGuard(t, engine).Wrap(test.handler(t, &effects)))
				pay(server, "{}").answers(t, test.status)
				for range 2 {
					pay(server, "{}").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeUnknown)
				}
				effects.are(t, 1)
			})
			t.Run("Retry", func(t *testing.T) {
				var effects, told charges
				handler := test.handler(t, &effects)
				server := startHTTP1(t, newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					told.charge(r.Context())
					handler.ServeHTTP(w, r)
				})))
				for range 3 {
					pay(server, "{}").answers(t, test.status)
				}
				effects.are(t, 3)
				if got := told.recovered.Load(); got != 2 {
					t.Errorf("%d attempts knew that an earlier one was started, want 2", got)
				}
			})
		})
	}
}

func forwards(t *testing.T, done *charges) http.Handler {
	t.Helper()
	return proxyTo(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		done.charge(r.Context())
		w.WriteHeader(http.StatusGatewayTimeout)
	}))
}

// pay sends a payment to a Connect service or to any handler. It waits until the
// first one is recorded.
func pay(server *server, body string) (got answer) {
	server.Helper()
	soon(server, "the payment before has ended", func() bool {
		request := server.request(key, strings.NewReader(body))
		request.URL.Path = paymentsv1connect.PaymentServiceCreatePaymentProcedure
		request.Header.Set("Content-Type", "application/json")
		got = server.send(request)
		return got.reason() != idempotency.ReasonInProgress
	})
	return got
}

func (a answer) answers(tb testing.TB, status int) {
	tb.Helper()
	if a.status != status || a.replayed() || a.reason() != "" {
		tb.Fatalf("got %d %.120q (replayed: %t), want %d", a.status, a.body, a.replayed(), status)
	}
}

// are waits for the effects of a handler that still runs after its time limit.
func (c *charges) are(tb testing.TB, want int64) {
	tb.Helper()
	soon(tb, "all effects are there", func() bool { return c.made.Load() >= want })
	if got := c.made.Load(); got != want {
		tb.Errorf("%d effects, want %d", got, want)
	}
}

// TestRollingDeploy: the answer of an old server that does not know the route yet
// is not replayed for the whole retention.
func TestRollingDeploy(t *testing.T) {
	const path = paymentsv1connect.PaymentServiceCreatePaymentProcedure
	mux := func(pattern string) *http.ServeMux {
		mux := http.NewServeMux()
		mux.HandleFunc(pattern, ok)
		return mux
	}
	router := http.NewServeMux()
	router.Handle("/", httpmw.NoEffect(http.NotFoundHandler()))
	_, unimplemented := paymentsv1connect.NewPaymentServiceHandler(paymentsv1connect.UnimplementedPaymentServiceHandler{})
	tests := map[string]struct {
		old    http.Handler
		status int
	}{
		"no route":              {mux("/v2/payments"), http.StatusNotFound},
		"no route, other host":  {mux("example.org" + path), http.StatusNotFound},
		"other method":          {mux("GET " + path), http.StatusMethodNotAllowed},
		"not implemented":       {http.HandlerFunc(notImplemented), http.StatusNotImplemented},
		"Connect unimplemented": {unimplemented, http.StatusNotImplemented},
		"a router further in":   {http.MaxBytesHandler(router, 1<<10), http.StatusNotFound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			guard, handler := newGuard(t, newEngine(t, rejectAbandoned)), count(ok)
			pay(startHTTP1(t, guard.Wrap(test.old)), "{}").answers(t, test.status)
			pay(startHTTP1(t, guard.Wrap(handler)), "{}").is(t, http.StatusOK, "done", false)
			handler.ran(t, 1)
		})
	}
}

func notImplemented(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) }

// TestNotFoundByTheHandlerIsRecorded: a 404 certainly had no effect only if a
// router had no route.
func TestNotFoundByTheHandlerIsRecorded(t *testing.T) {
	own := func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path, r.Pattern = "/nowhere", "" // a router inside may rewrite the path
		http.NotFound(w, r)
	}
	routed := http.NewServeMux()
	routed.HandleFunc("POST /v1/{kind}", own)
	tests := map[string]http.Handler{
		"handler":          http.HandlerFunc(own),
		"handler of a mux": routed,
		"inner mux":        http.StripPrefix("/v1", http.NewServeMux()),
		"mux of its own":   fallback{http.NewServeMux(), own},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			guarded := newGuard(t, newEngine(t)).Wrap(test)
			first := post(guarded, key, "")
			first.answers(t, http.StatusNotFound)
			post(guarded, key, "").is(t, http.StatusNotFound, first.body, true)
		})
	}
}

// fallback has the methods of a mux, and serves requests without a route too.
type fallback struct {
	*http.ServeMux

	serve http.HandlerFunc
}

func (f fallback) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.serve(w, r) }

// TestClientTimesOut: the handler answers with a generic 500 because its client has
// gone. That answer is not replayed for the whole retention.
func TestClientTimesOut(t *testing.T) {
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			var effects charges
			begun := make(chan struct{}, 1)
			handler := count(func(w http.ResponseWriter, r *http.Request) {
				effects.charge(r.Context())
				begun <- struct{}{}
				<-r.Context().Done()
				http.Error(w, "something went wrong", http.StatusInternalServerError)
			})
			engine := newEngine(t, rejectAbandoned)
			server := start(t, newGuard(t, engine).Wrap(handler))
			ctx, giveUp := context.WithCancel(t.Context())
			go func() {
				<-begun
				giveUp()
			}()
			if response, err := server.Client().Do(server.request(key, http.NoBody).WithContext(ctx)); err == nil {
				response.Body.Close()
				t.Fatal("the client was answered")
			}
			server.again(key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeUnknown)
			effects.are(t, 1)
		})
	}
}
