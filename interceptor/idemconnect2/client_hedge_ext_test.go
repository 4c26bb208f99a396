package idemconnect2_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// startBackends starts two servers over one store, and returns a client whose tries
// go to one and the other in turn. Both wait before they handle a call.
func startBackends(t *testing.T, l *ledger, wait func(*http.Request), options ...idemconnect2.ClientOption) caller {
	t.Helper()
	store := memstore.New()
	var servers [2]server
	for i := range servers {
		engine, err := idempotency.New(store, waiting)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = engine.Close(context.Background()) })
		guarded := mounted(newServer(&service{create: l.create}, newGuard(t, engine)))
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
	return paymentsv1connect.NewPaymentServiceClient(connect.NewClient(
		connecthttp.NewTransport(balancer, "http://payments.test"), newClientInterceptor(t, options...)))
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
	client := startBackends(t, l, hang, idemconnect2.WithHedging(2*time.Millisecond), idemconnect2.WithMaxAttempts(100))
	payAll(t, client, 100, 1)
	l.balances(t, 100)
	ctx, info := connect.NewClientContext(t.Context())
	if _, err := client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest)); err != nil || info.ResponseHeader().Get("Date") == "" {
		t.Errorf("got %v, call info with %v", err, info.ResponseHeader())
	}
}

// TestHedgedTriesShareNoMemory with the caller, who uses its own again while the
// losing try goes on. The race detector sees the rest.
func TestHedgedTriesShareNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		use := func(tried try, name string) {
			tried.info.RequestHeader().Set("X-Try", name)
			tried.info.ResponseHeader().Set("X-Try", name)
			message, _ := tried.request.(*paymentsv1.CreatePaymentRequest)
			message.Customer += name
		}
		w := &wire{steps: []step{
			func(ctx context.Context, tried try) (proto.Message, error) {
				<-ctx.Done()
				use(tried, "loser")
				return &paymentsv1.Payment{Id: "loser"}, nil
			},
			func(_ context.Context, tried try) (proto.Message, error) {
				use(tried, "winner")
				return &paymentsv1.Payment{Id: "winner"}, nil
			},
		}}
		client := w.client(t, idemconnect2.WithHedging(time.Second))
		request := &paymentsv1.CreatePaymentRequest{Customer: "ada"}
		ctx, info := connect.NewClientContext(t.Context())
		info.RequestHeader().Set("X-Caller", "ada")
		payment, err := client.CreatePayment(ctx, request)
		if err != nil || payment.GetId() != "winner" || request.GetCustomer() != "ada" || info.RequestHeader().Len() != 1 || info.ResponseHeader().Get("X-Try") != "winner" {
			t.Errorf("got %v, %v, request %v with %v, answer with %v", payment, err, request, info.RequestHeader(), info.ResponseHeader())
		}
		request.Customer = "grace"
		info.RequestHeader().Set("X-Caller", "grace")
		synctest.Wait()
		if request.GetCustomer() != "grace" || payment.GetId() != "winner" || info.RequestHeader().Len() != 1 || info.ResponseHeader().Get("X-Try") != "winner" {
			t.Error("the losing try wrote to the caller's memory")
		}
		w.sent(t, 2)
	})
}

// TestWhatIsHedged: calls that have a key.
func TestWhatIsHedged(t *testing.T) {
	inBubble(t, "a key", func(t *testing.T) {
		w := &wire{steps: []step{takes(time.Minute, done)}}
		w.gets(t, 0, 2, idemconnect2.WithHedging(time.Second))
	})
	inBubble(t, "no side effects", func(t *testing.T) {
		w := &wire{steps: []step{takes(time.Minute, done)}}
		if _, err := w.client(t, idemconnect2.WithHedging(time.Second)).GetPayment(t.Context(), new(paymentsv1.GetPaymentRequest)); err != nil {
			t.Error(err)
		}
		w.sent(t, 1)
	})
	inBubble(t, "a message that cannot be copied", func(t *testing.T) {
		w := &wire{steps: []step{takes(time.Minute, done)}}
		client := connect.NewClient(w, newClientInterceptor(t, idemconnect2.WithHedging(time.Second)))
		if err := client.CallUnary(t.Context(), connect.Spec{Procedure: "/s.S/M"}, new(string), new(paymentsv1.Payment)); err != nil {
			t.Error(err)
		}
		w.sent(t, 1)
	})
}

// TestHedgedFailure: one backend is down and answers at once, the other is slow.
func TestHedgedFailure(t *testing.T) {
	inBubble(t, "failure", func(t *testing.T) {
		w := &wire{steps: []step{takes(2*time.Second, answers(connect.CodeUnavailable)), answers(connect.CodeUnavailable), answers(connect.CodeNotFound)}}
		w.gets(t, connect.CodeNotFound, 3, idemconnect2.WithHedging(time.Second))
	})
}
