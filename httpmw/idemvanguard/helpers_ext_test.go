package idemvanguard_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/vanguard"
	"google.golang.org/genproto/googleapis/api/annotations"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/httpmw/idemvanguard"
)

const (
	collection = "/v1/payments"
	body       = `{"amount":"1250","currency":"EUR"}`
	procedure  = paymentsv1.PaymentService_CreatePayment_FullMethodName
)

func newEngine(t *testing.T, store backend.Store, options ...idempotency.Option) *idempotency.Engine {
	t.Helper()
	engine, err := idempotency.New(store, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(t.Context()) })
	return engine
}

// eachFramework runs a test with the service in each framework.
func eachFramework(t *testing.T, test func(*testing.T, framework)) {
	t.Helper()
	for _, each := range frameworks {
		t.Run(each.name, func(t *testing.T) { test(t, each) })
	}
}

// newVanguard returns Vanguard in front of the guarded service.
func newVanguard(t *testing.T, f framework, engine *idempotency.Engine, h *handling) http.Handler {
	t.Helper()
	service := vanguard.NewService(paymentsv1connect.PaymentServiceName, idemvanguard.Service(f.handler(t, engine, h)), f.options...)
	transcoder, err := vanguard.NewTranscoder([]*vanguard.Service{service}, vanguard.WithRules(&annotations.HttpRule{
		Selector: "payments.v1.PaymentService.CreatePayment",
		Pattern:  &annotations.HttpRule_Post{Post: collection},
		Body:     "*",
	}))
	if err != nil {
		t.Fatal(err)
	}
	return transcoder
}

// start starts a server with REST of a service on a store in memory.
func start(t *testing.T, f framework, h *handling, options ...idempotency.Option) rest {
	t.Helper()
	engine := newEngine(t, memstore.New(), options...)
	return listen(t, idemvanguard.Handler(newVanguard(t, f, engine, h)))
}

// rest is a REST client of a server.
type rest struct {
	t      *testing.T
	url    string
	client *http.Client
}

// listen starts a server with HTTP/1.1 and HTTP/2 without TLS.
func listen(t *testing.T, handler http.Handler) rest {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	only2 := new(http.Protocols)
	only2.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: only2}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return rest{t, server.URL, &http.Client{Transport: transport}}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// post sends a request that creates a payment, with the keys.
func (r rest) post(keys ...string) answer { return r.send(body, keys...) }

func (r rest) send(body string, keys ...string) answer {
	return r.sendWith(body, http.Header{"Idempotency-Key": keys, "Content-Type": {"application/json"}})
}

func (r rest) sendWith(body string, header http.Header) answer {
	request, err := http.NewRequest(http.MethodPost, r.url+collection, strings.NewReader(body))
	if err != nil {
		r.t.Error(err)
		return answer{}
	}
	request.Header = header
	response, err := r.client.Do(request)
	if err != nil {
		r.t.Error(err)
		return answer{}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Error(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

func (a answer) replayed() bool { return a.header.Get("Idempotent-Replayed") == "true" }

// wantReplay checks that the second answer is a replay of the first.
func wantReplay(t *testing.T, first, second answer) {
	t.Helper()
	if first.replayed() || !second.replayed() || len(second.header["Idempotent-Replayed"]) != 1 {
		t.Errorf("replay markers: %v, then %v", first.header, second.header)
	}
	if first.status != second.status || !sameJSON(t, first.body, second.body) {
		t.Errorf("first answer %d %s\nthen %d %s", first.status, first.body, second.status, second.body)
	}
}

func wantRuns(t *testing.T, h *handling, want int32) {
	t.Helper()
	if runs := h.runs.Load(); runs != want {
		t.Errorf("handler ran %d times, want %d", runs, want)
	}
}
