package idemgateway_test

import (
	"context"
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// both is a guarded gateway to a guarded service.
type both struct {
	rest    rest
	address string
	stop    func()
}

func newBoth(t *testing.T, service *payments, outer, inner *idempotency.Engine) both {
	t.Helper()
	address, stop := serve(t, service, inner)
	mux := newMux(t, address, idemgateway.ServeMuxOptions()...)
	return both{newREST(t, edge(t, outer).Wrap(mux)), address, stop}
}

// call sends the request of rest.post over gRPC.
func (b both) call(t *testing.T, key string) {
	t.Helper()
	conn, err := grpc.NewClient(b.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", key)
	_, err = paymentsv1.NewPaymentServiceClient(conn).CreatePayment(ctx,
		&paymentsv1.CreatePaymentRequest{Amount: 1250, Currency: "EUR"})
	if err != nil {
		t.Error(err)
	}
}

func TestBothReplay(t *testing.T) {
	service := new(payments)
	engine := newEngine(t)
	both := newBoth(t, service, engine, engine)
	first := both.rest.post("key-1")
	wantReplay(t, first, both.rest.post("key-1"))
	both.stop()
	wantReplay(t, first, both.rest.post("key-1"))
	wantRuns(t, service, 1)
}

// TestBothAfterEdgeForgot: the edge has lost its record and the service has not. The
// edge records the replay of the service like any other answer.
func TestBothAfterEdgeForgot(t *testing.T) {
	for name, fail := range map[string]func(context.Context) error{
		"success": nil,
		"error":   func(context.Context) error { return declined(t) },
	} {
		t.Run(name, func(t *testing.T) {
			service := &payments{fail: fail}
			inner := newEngine(t)
			before := newBoth(t, service, newEngine(t), inner)
			first := before.rest.post("key-1")
			after := newBoth(t, service, newEngine(t), inner)
			wantReplay(t, first, after.rest.post("key-1"))
			after.stop()
			wantReplay(t, first, after.rest.post("key-1"))
			wantRuns(t, service, 1)
		})
	}
}

// TestInnerRefusalNotRecorded: while a call over gRPC holds the claim, the edge passes
// the refusal on. It does not record the refusal, so a later call gets the outcome.
func TestInnerRefusalNotRecorded(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	service := &payments{fail: func(context.Context) error {
		close(started)
		<-release
		return nil
	}}
	engine := newEngine(t)
	both := newBoth(t, service, engine, engine)
	done := make(chan struct{})
	go func() {
		defer close(done)
		both.call(t, "key-1")
	}()
	<-started
	for range 2 {
		wantRefusal(t, both.rest.post("key-1"), http.StatusConflict, idempotency.ReasonInProgress, idempotency.NextRetrySameKey)
	}
	close(release)
	<-done
	first := both.rest.post("key-1")
	if first.status != http.StatusOK || !first.replayed() {
		t.Errorf("got %d %v", first.status, first.header)
	}
	both.stop()
	if second := both.rest.post("key-1"); second.body != first.body || !second.replayed() {
		t.Errorf("the edge did not record the replay: %d %s", second.status, second.body)
	}
	wantRuns(t, service, 1)
}

// TestInnerRefusalsNotRecorded: after each refusal the next call reaches the service
// again.
func TestInnerRefusalsNotRecorded(t *testing.T) {
	service, store := new(payments), memstore.New()
	both := newBoth(t, service, newEngine(t), newEngineOn(t, store, idempotency.WithKeyRules(idempotency.KeyRules{UUID: true})))
	for range 2 {
		wantRefusal(t, both.rest.post("key-1"), http.StatusUnprocessableEntity, idempotency.ReasonKeyInvalid, idempotency.NextFixRequest)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	key := idempotency.NewKey()
	for range 2 {
		wantRefusal(t, both.rest.post(key), http.StatusServiceUnavailable, idempotency.ReasonStoreUnavailable, idempotency.NextRetrySameKey)
	}
	wantRuns(t, service, 0)
}

// TestInnerRefusalOfSpelledKey: the service and the edge have different canonical
// forms of the key, a UUID. The edge recognises the refusal in spite of that, in the
// gateway's process and in front of it, and does not record it.
func TestInnerRefusalOfSpelledKey(t *testing.T) {
	const key = "5F0B8F0E2F0A4A3C9A350D4A0D3A8A11"
	store := memstore.New()
	address, _ := serve(t, new(payments), newEngineOn(t, store, idempotency.WithKeyRules(idempotency.KeyRules{UUID: true})))
	mux := newMux(t, address, idemgateway.ServeMuxOptions()...)
	if err := store.Close(); err != nil { // every call is refused
		t.Fatal(err)
	}
	gateway := newREST(t, mux)
	target, err := url.Parse(gateway.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, handler := range map[string]http.Handler{
		"same process":  mux,
		"other process": httputil.NewSingleHostReverseProxy(target),
	} {
		t.Run(name, func(t *testing.T) {
			rest := newREST(t, edge(t, newEngine(t, all(idempotency.Policy{OnAbandoned: idempotency.Reject}))).Wrap(handler))
			for range 2 {
				got := rest.post(key)
				wantRefusal(t, got, http.StatusServiceUnavailable, idempotency.ReasonStoreUnavailable, idempotency.NextRetrySameKey)
			}
		})
	}
}
