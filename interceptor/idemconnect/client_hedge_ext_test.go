package idemconnect_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

// startBackends starts two servers over one store, and returns a client whose tries
// go to one and the other in turn. Both wait before they handle a call.
func startBackends(t *testing.T, l *ledger, wait func(*http.Request), options ...idemconnect.ClientOption) paymentsv1connect.PaymentServiceClient {
	t.Helper()
	store := memstore.New()
	var servers [2]server
	for i := range servers {
		engine, err := idempotency.New(store, waiting)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = engine.Close(context.Background()) })
		_, guarded := paymentsv1connect.NewPaymentServiceHandler(&service{create: l.create}, connect.WithInterceptors(newGuard(t, engine)))
		servers[i] = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			wait(r)
			guarded.ServeHTTP(w, r)
		}))
	}
	var turn atomic.Int64
	balancer := &http.Client{Transport: roundTripFunc(func(request *http.Request) (*http.Response, error) {
		target := servers[turn.Add(1)%2]
		request = request.Clone(request.Context())
		request.URL.Host = target.url[len("http://"):]
		return target.client.Transport.RoundTrip(request)
	})}
	return paymentsv1connect.NewPaymentServiceClient(balancer, "http://payments.test", connect.WithInterceptors(newClientInterceptor(t, options...)))
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// TestHedgingAgainstAHangingBackend: the server that gets the first try of a payment
// never answers, and may run it late. Every payment succeeds, and is made once.
func TestHedgingAgainstAHangingBackend(t *testing.T) {
	var seen sync.Map
	l := newLedger()
	hang := func(r *http.Request) {
		if _, again := seen.LoadOrStore(r.Header.Get(keyField), true); !again {
			<-r.Context().Done()
		}
	}
	client := startBackends(t, l, hang, idemconnect.WithHedging(2*time.Millisecond), idemconnect.WithMaxAttempts(100))
	payAll(t, client, 100, 1)
	l.balances(t, 100)
	for range 2 {
		ctx, info := connect.NewClientContext(t.Context())
		answer, err := client.CreatePayment(ctx, connect.NewRequest(new(paymentsv1.CreatePaymentRequest)))
		if err != nil || info.ResponseHeader().Get("Date") == "" || info.ResponseHeader().Get("Date") != answer.Header().Get("Date") {
			t.Errorf("got %v, call info with %v", err, info.ResponseHeader())
		}
	}
}

// TestHedgedTriesShareNoMemory with the caller, who uses its own again while the
// losing try goes on. The race detector sees the rest.
func TestHedgedTriesShareNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		use := func(request connect.AnyRequest, name string) {
			request.Header().Set("X-Try", name)
			message, _ := request.Any().(*paymentsv1.CreatePaymentRequest)
			message.Customer += name
		}
		w := &wire{steps: []step{
			func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
				<-ctx.Done()
				use(request, "loser")
				return nil, ctx.Err()
			},
			func(_ context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
				use(request, "winner")
				return connect.NewResponse(&paymentsv1.Payment{Id: request.Header().Get("X-Try")}), nil
			},
		}}
		client := w.client(t, idemconnect.WithHedging(time.Second))
		request := connect.NewRequest(&paymentsv1.CreatePaymentRequest{Customer: "ada"})
		ctx, info := connect.NewClientContext(t.Context())
		info.RequestHeader().Set("X-Caller", "ada")
		answer, err := client.CreatePayment(ctx, request)
		if err != nil || answer.Msg.GetId() != "winner" || request.Msg.GetCustomer() != "ada" || request.Header().Get("X-Try") != "" {
			t.Errorf("got %v, %v, request %v with %v", answer, err, request.Msg, request.Header())
		}
		request.Msg.Customer = "grace"
		request.Header().Set("X-Caller", "grace")
		info.RequestHeader().Set("X-Caller", "grace")
		synctest.Wait()
		if request.Msg.GetCustomer() != "grace" || request.Header().Get("X-Try") != "" {
			t.Error("the losing try wrote to the caller's memory")
		}
		w.sent(t, 2)
	})
}

// TestWhatIsHedged: calls that have a key.
func TestWhatIsHedged(t *testing.T) {
	inBubble(t, "a key", func(t *testing.T) {
		w := &wire{steps: []step{takes(time.Minute, done)}}
		w.gets(t, 0, 2, idemconnect.WithHedging(time.Second))
	})
	inBubble(t, "no side effects", func(t *testing.T) {
		w := &wire{steps: []step{takes(time.Minute, done)}}
		if _, err := w.client(t, idemconnect.WithHedging(time.Second)).GetPayment(t.Context(), connect.NewRequest(new(paymentsv1.GetPaymentRequest))); err != nil {
			t.Error(err)
		}
		w.sent(t, 1)
	})
	inBubble(t, "a message that cannot be copied", func(t *testing.T) {
		w := &wire{steps: []step{func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) {
			time.Sleep(time.Minute)
			return connect.NewResponse(new(string)), nil
		}}}
		client := connect.NewClient[string, string](nil, "http://payments.test/s.S/M",
			connect.WithInterceptors(newClientInterceptor(t, idemconnect.WithHedging(time.Second)), connect.UnaryInterceptorFunc(w.wrap)))
		if _, err := client.CallUnary(t.Context(), connect.NewRequest(new(string))); err != nil {
			t.Error(err)
		}
		w.sent(t, 1)
	})
	inBubble(t, "twice installed", func(t *testing.T) {
		w, hedging := &wire{steps: []step{takes(time.Minute, done)}}, idemconnect.WithHedging(time.Second)
		client := server{url: "http://payments.test"}.newClient(connect.WithInterceptors(
			newClientInterceptor(t, hedging), newClientInterceptor(t, hedging), connect.UnaryInterceptorFunc(w.wrap)))
		if _, err := client.CreatePayment(t.Context(), connect.NewRequest(new(paymentsv1.CreatePaymentRequest))); err != nil {
			t.Error(err)
		}
		w.sent(t, 2)
	})
}

// TestHedgedFailure: one backend is down and answers at once, the other is slow.
func TestHedgedFailure(t *testing.T) {
	inBubble(t, "failure", func(t *testing.T) {
		w := &wire{steps: []step{takes(2*time.Second, answers(connect.CodeUnavailable)), answers(connect.CodeUnavailable), answers(connect.CodeNotFound)}}
		w.gets(t, connect.CodeNotFound, 3, idemconnect.WithHedging(time.Second))
	})
}
