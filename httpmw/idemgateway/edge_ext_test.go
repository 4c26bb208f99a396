package idemgateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// guardedEdge is a guarded gateway to a service that is not.
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
	rest, _ := guardedEdge(t, new(payments), idempotency.WithKeyRequired())
	wantRefusal(t, rest.post(), http.StatusBadRequest, idempotency.ReasonKeyMissing, idempotency.NextFixRequest)
	wantRefusal(t, rest.post("a", "b"), http.StatusUnprocessableEntity, idempotency.ReasonKeyInvalid, idempotency.NextFixRequest)
}

// TestEdgeAbandonsTimeout: the service may have done it, so under
// OnAbandoned(Reject) it is not asked again.
func TestEdgeAbandonsTimeout(t *testing.T) {
	service := &payments{fail: func(context.Context) error { return status.Error(codes.DeadlineExceeded, "late") }}
	rest, _ := guardedEdge(t, service, idempotency.WithOnAbandoned(idempotency.Reject))
	if first := rest.post("key-1"); first.status != http.StatusGatewayTimeout {
		t.Errorf("got %d %s", first.status, first.body)
	}
	wantRefusal(t, rest.post("key-1"), http.StatusConflict, idempotency.ReasonOutcomeUnknown, idempotency.NextAskOperator)
	wantRuns(t, service, 1)
}

func TestEdgeReleasesUnavailable(t *testing.T) {
	service := &payments{fail: func(context.Context) error { return status.Error(codes.Unavailable, "not now") }}
	rest, _ := guardedEdge(t, service)
	for range 2 {
		if got := rest.post("key-1"); got.status != http.StatusServiceUnavailable || got.replayed() {
			t.Errorf("got %d %v", got.status, got.header)
		}
	}
	wantRuns(t, service, 2)
}
