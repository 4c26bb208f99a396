package idempotency_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rs/cors"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/httpmw"
)

const shop = "https://shop.example"

// corsServer is guarded, and only pages of shop may call it.
func corsServer(t *testing.T, store backend.Store, options ...idempotency.Option) http.Handler {
	t.Helper()
	engine := newEngine(t, store, options...)
	guard, err := httpmw.New(engine, httpmw.WithKeyEcho())
	ok(t, err)
	pay := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	return cors.New(cors.Options{
		AllowedOrigins: []string{shop},
		AllowedHeaders: engine.CORSAllowedHeaders(),
		ExposedHeaders: engine.CORSExposedHeaders(),
	}).Handler(guard.Wrap(pay))
}

func fromShop(ctx context.Context, method string, header map[string]string) *http.Request {
	request := httptest.NewRequestWithContext(ctx, method, "/payments", nil)
	request.Header.Set("Origin", shop)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	return request
}

func answerOf(server http.Handler, request *http.Request) http.Header {
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, request)
	return recorder.Header()
}

// preflight reports whether the browser may send the field.
func preflight(t *testing.T, server http.Handler, field string) bool {
	t.Helper()
	answer := answerOf(server, fromShop(t.Context(), http.MethodOptions, map[string]string{
		"Access-Control-Request-Method":  http.MethodPost,
		"Access-Control-Request-Headers": strings.ToLower(field),
	}))
	return strings.EqualFold(answer.Get("Access-Control-Allow-Headers"), field)
}

// exposes reports whether a page may read the field of the answer.
func exposes(answer http.Header, field string) bool {
	exposed := strings.Split(answer.Get("Access-Control-Expose-Headers"), ", ")
	return answer.Get(field) != "" && slices.Contains(exposed, http.CanonicalHeaderKey(field))
}

func TestPageOfOtherOriginSendsKeyAndReadsMarker(t *testing.T) {
	server := corsServer(t, openStore(t))
	if !preflight(t, server, "Idempotency-Key") {
		t.Error("the page may not send the key")
	}
	if preflight(t, server, "X-Other") {
		t.Error("the page may send any field")
	}
	key := map[string]string{"Idempotency-Key": "key-1"}
	answerOf(server, fromShop(t.Context(), http.MethodPost, key))
	replay := answerOf(server, fromShop(t.Context(), http.MethodPost, key))
	for _, field := range []string{"Idempotent-Replayed", "Idempotency-Key"} {
		if !exposes(replay, field) {
			t.Errorf("the page cannot read %s in %v", field, replay)
		}
	}
}

// A refusal has the field if the page should send its request again.
func TestPageOfOtherOriginReadsRetryAfter(t *testing.T) {
	server := corsServer(t, newShaky(openStore(t)).on(backendtest.OpClaim, every(down)))
	refusal := answerOf(server, fromShop(t.Context(), http.MethodPost, map[string]string{"Idempotency-Key": "key-1"}))
	if !exposes(refusal, "Retry-After") {
		t.Errorf("the page cannot read Retry-After in %v", refusal)
	}
}

func TestCORSHeadersHaveTheNamesOfTheEngine(t *testing.T) {
	server := corsServer(t, openStore(t),
		idempotency.WithKeyRules(idempotency.KeyRules{Field: "X-Request-Id"}),
		idempotency.WithReplayedField("X-Replay"),
	)
	if !preflight(t, server, "X-Request-Id") || preflight(t, server, "Idempotency-Key") {
		t.Error("the allowed field is not that of the engine")
	}
	key := map[string]string{"X-Request-Id": "key-1"}
	answerOf(server, fromShop(t.Context(), http.MethodPost, key))
	if replay := answerOf(server, fromShop(t.Context(), http.MethodPost, key)); !exposes(replay, "X-Replay") {
		t.Errorf("the page cannot read the marker in %v", replay)
	}
}
