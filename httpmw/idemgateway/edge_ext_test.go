package idemgateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// guardedEdge returns a client of a guarded gateway to an unguarded service, and a
// function that stops the service.
func guardedEdge(t *testing.T, service *payments, options ...idempotency.Option) (rest, func()) {
	t.Helper()
	address, stop := serve(t, service, nil)
	mux := newMux(t, address, idemgateway.ServeMuxOptions()...)
	return newREST(t, edge(t, newEngine(t, options...)).Wrap(mux)), stop
}

func TestEdgeReplaysWithoutService(t *testing.T) {
	service := new(payments)
	rest, stop := guardedEdge(t, service)
	first := rest.post("key-1")
	stop()
	second := rest.post("key-1")
	wantReplay(t, first, second)
	if second.header.Get("Grpc-Metadata-X-Region") != "eu" || second.header.Get("Grpc-Metadata-Blob-Bin") == "" {
		t.Errorf("header lost: %v", second.header)
	}
	if id := second.header.Get("Grpc-Metadata-X-Request-Id"); id != "" {
		t.Errorf("request id %s of the first request replayed", id)
	}
	if down := rest.post("key-2"); down.status != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", down.status, down.body)
	}
	wantRuns(t, service, 1)
}

func TestEdgeReplaysErrors(t *testing.T) {
	service := &payments{fail: func(context.Context) error { return declined(t) }}
	rest, _ := guardedEdge(t, service)
	first, second := rest.post("key-1"), rest.post("key-1")
	wantReplay(t, first, second)
	if !strings.Contains(second.body, "CARD_DECLINED") {
		t.Errorf("details lost: %s", second.body)
	}
	wantRuns(t, service, 1)
}

func TestEdgeRefuses(t *testing.T) {
	rest, _ := guardedEdge(t, new(payments), all(idempotency.Policy{Key: idempotency.KeyRequired}))
	wantRefusal(t, rest.post(), http.StatusBadRequest, idempotency.ReasonKeyMissing, idempotency.NextFixRequest)
	wantRefusal(t, rest.post("a", "b"), http.StatusUnprocessableEntity, idempotency.ReasonKeyInvalid, idempotency.NextFixRequest)
}

// TestEdgeAbandonsTimeout: the call may have had an effect, so under
// OnAbandoned(Reject) the service is not called again.
func TestEdgeAbandonsTimeout(t *testing.T) {
	service := &payments{fail: func(context.Context) error { return status.Error(codes.DeadlineExceeded, "late") }}
	rest, _ := guardedEdge(t, service, all(idempotency.Policy{OnAbandoned: idempotency.Reject}))
	if first := rest.post("key-1"); first.status != http.StatusGatewayTimeout {
		t.Errorf("got %d %s", first.status, first.body)
	}
	wantRefusal(t, rest.post("key-1"), http.StatusConflict, idempotency.ReasonOutcomeUnknown, idempotency.NextAskOperator)
	wantRuns(t, service, 1)
}

// TestEdgeReleasesAborted: the code says that nothing was done, which its status 409
// alone does not.
func TestEdgeReleasesAborted(t *testing.T) {
	for code, runs := range map[codes.Code]int32{codes.Aborted: 2, codes.AlreadyExists: 1} {
		service := &payments{fail: func(context.Context) error { return status.Error(code, "not now") }}
		rest, _ := guardedEdge(t, service, all(idempotency.Policy{OnAbandoned: idempotency.Reject}))
		for range 2 {
			if got := rest.post("key-1"); got.status != http.StatusConflict {
				t.Errorf("got %d %s", got.status, got.body)
			}
		}
		wantRuns(t, service, runs)
	}
}

// TestEdgeReleasesUnrouted: during a deployment an old gateway does not have the
// route. The new one must not replay the answer of the old one.
func TestEdgeReleasesUnrouted(t *testing.T) {
	service := new(payments)
	address, _ := serve(t, service, nil)
	old, current := runtime.NewServeMux(idemgateway.ServeMuxOptions()...), newMux(t, address, idemgateway.ServeMuxOptions()...)
	tests := map[string]struct {
		path   string
		status int
	}{
		"no route":        {collection, http.StatusNotFound},
		"no such method":  {collection + "/42", http.StatusNotImplemented},
		"malformed path":  {"v1", http.StatusBadRequest},
		"nor in this one": {"/nowhere", http.StatusNotFound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			gateways := []http.Handler{old, current}
			if test.status != http.StatusNotFound {
				gateways[0] = current
			}
			guard := edge(t, newEngine(t, all(idempotency.Policy{OnAbandoned: idempotency.Reject})))
			send := func(gateway http.Handler) answer {
				request := httptest.NewRequest(http.MethodPost, collection, strings.NewReader(body))
				request.URL.Path, request.RequestURI = test.path, test.path
				request.Header.Set("Idempotency-Key", "key-1")
				recorder := httptest.NewRecorder()
				guard.Wrap(gateway).ServeHTTP(recorder, request)
				return answer{recorder.Code, recorder.Header(), recorder.Body.String(), nil}
			}
			if first := send(gateways[0]); first.status != test.status || first.replayed() {
				t.Fatalf("got %d %s", first.status, first.body)
			}
			second := send(gateways[1])
			if routed := test.path == collection; second.replayed() || routed && second.status != http.StatusOK {
				t.Errorf("then %d %v %s", second.status, second.header, second.body)
			}
		})
	}
}

// TestOwnRoutingErrorHandler: the user's handler writes the answer, which is not
// recorded.
func TestOwnRoutingErrorHandler(t *testing.T) {
	own := func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, status int) {
		http.Error(w, "lost", status)
	}
	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions(idemgateway.WithRoutingErrorHandler(own), nil)...)
	rest := newREST(t, edge(t, newEngine(t)).Wrap(mux))
	for range 2 {
		if got := rest.post("key-1"); got.status != http.StatusNotFound || got.body != "lost\n" || got.replayed() {
			t.Errorf("got %d %v %q", got.status, got.header, got.body)
		}
	}
}
