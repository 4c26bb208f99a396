package idemgateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/internal/mark"
)

const (
	collection = "/v1/payments"
	body       = `{"amount":"1250","currency":"EUR"}`
	procedure  = paymentsv1.PaymentService_CreatePayment_FullMethodName
)

func newEngine(t *testing.T, options ...idempotency.Option) *idempotency.Engine {
	t.Helper()
	return newEngineOn(t, memstore.New(), options...)
}

func newEngineOn(t *testing.T, store backend.Store, options ...idempotency.Option) *idempotency.Engine {
	t.Helper()
	engine, err := idempotency.New(store, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(t.Context()) })
	return engine
}

// all sets the policy of all operations.
func all(policy idempotency.Policy) idempotency.Option { return idempotency.WithPolicy("*", policy) }

// edge returns the guard of a gateway.
func edge(t *testing.T, engine *idempotency.Engine) *httpmw.Middleware {
	t.Helper()
	guard, err := httpmw.New(engine, idemgateway.MiddlewareOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// newMux returns a gateway to the service at the address.
func newMux(t *testing.T, address string, options ...runtime.ServeMuxOption) *runtime.ServeMux {
	t.Helper()
	mux := runtime.NewServeMux(options...)
	credentials := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if err := paymentsv1.RegisterPaymentServiceHandlerFromEndpoint(t.Context(), mux, address, credentials); err != nil {
		t.Fatal(err)
	}
	return mux
}

// rest is a REST client of a gateway.
type rest struct {
	t      *testing.T
	server *httptest.Server
}

func newREST(t *testing.T, handler http.Handler) rest {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return rest{t, server}
}

type answer struct {
	status  int
	header  http.Header
	body    string
	trailer http.Header
}

// post sends a request that creates a payment, with the keys.
func (r rest) post(keys ...string) answer {
	return r.send(http.MethodPost, collection, body, http.Header{"Idempotency-Key": keys})
}

func (r rest) send(method, path, body string, header http.Header) answer {
	request, err := http.NewRequest(method, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Error(err)
		return answer{}
	}
	request.Header = header
	response, err := r.server.Client().Do(request)
	if err != nil {
		r.t.Error(err)
		return answer{}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Error(err)
	}
	return answer{response.StatusCode, response.Header, string(text), response.Trailer}
}

func (a answer) replayed() bool { return a.header.Get("Idempotent-Replayed") == "true" }

// wantReplay checks that the second answer is a replay of the first.
func wantReplay(t *testing.T, first, second answer) {
	t.Helper()
	if first.replayed() || !second.replayed() {
		t.Errorf("replay markers: %v, then %v", first.header, second.header)
	}
	if first.status != second.status || first.body != second.body {
		t.Errorf("first answer %d %s\nthen %d %s", first.status, first.body, second.status, second.body)
	}
	if values := second.header["Idempotent-Replayed"]; len(values) != 1 {
		t.Errorf("marker has %d values", len(values))
	}
}

func wantRuns(t *testing.T, service *payments, want int32) {
	t.Helper()
	if runs := service.runs.Load(); runs != want {
		t.Errorf("handler ran %d times, want %d", runs, want)
	}
}

// wantRefusal checks all parts of a refusal.
func wantRefusal(t *testing.T, a answer, status int, reason idempotency.Reason, next idempotency.Next) {
	t.Helper()
	var problem struct {
		Type   string             `json:"type"`
		Title  string             `json:"title"`
		Status int                `json:"status"`
		Detail string             `json:"detail"`
		Reason idempotency.Reason `json:"reason"`
		Next   idempotency.Next   `json:"next"`
	}
	if err := json.Unmarshal([]byte(a.body), &problem); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	if a.status != status || problem.Status != status || problem.Reason != reason || problem.Next != next {
		t.Errorf("got %d %s, want %d %s %s", a.status, a.body, status, reason, next)
	}
	if problem.Type == "" || problem.Title == "" || problem.Detail == "" {
		t.Errorf("incomplete problem: %s", a.body)
	}
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("content type %q", kind)
	}
	if a.replayed() {
		t.Error("a refusal is marked as a replay")
	}
	if wants := next == idempotency.NextRetrySameKey; wants != (a.header.Get("Retry-After") != "") {
		t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
}

// wantMark checks that a guard around the gateway recognises the refusal as one of
// its call, and of no other call.
func wantMark(t *testing.T, a answer, key string) {
	t.Helper()
	text := a.header.Get(mark.Field)
	for _, test := range []struct {
		operation, key string
		want           bool
	}{
		{procedure, key, true},
		{"POST " + collection, key, true},
		{procedure, key + "0", false},
		{"POST /v1/other", key, false},
	} {
		if mark.Matches(text, test.operation, test.key) != test.want {
			t.Errorf("mark %q for %s %s: want %t", text, test.operation, test.key, test.want)
		}
	}
}
