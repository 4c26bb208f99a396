package httpmw_test

import (
	"net/http"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

// TestNested: two guards around one handler act as one guard.
func TestNested(t *testing.T) {
	store := memstore.New()
	one := newEngine(t)
	tests := map[string]struct{ outer, inner *httpmw.Middleware }{
		"one engine":            {newGuard(t, one), newGuard(t, one)},
		"two engines, a store":  {newGuard(t, engineOn(t, store)), newGuard(t, engineOn(t, store))},
		"two engines, stores":   {newGuard(t, newEngine(t)), newGuard(t, newEngine(t))},
		"two names, one engine": {newGuard(t, one), newGuard(t, one, httpmw.WithOperation(innerName))},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := count(ok)
			guarded := test.outer.Wrap(test.inner.Wrap(handler))
			post(guarded, t.Name(), "").is(t, http.StatusOK, "done", false)
			post(guarded, t.Name(), "").is(t, http.StatusOK, "done", true)
			handler.ran(t, 1)
			post(guarded, t.Name(), "{}").refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
		})
	}
}

func innerName(*http.Request) string { return "inner" }

// TestInnerGuardOfAnotherStoreGuards: the inner guard claims its own record although
// the outer guard holds a claim of another engine for the same operation and key.
func TestInnerGuardOfAnotherStoreGuards(t *testing.T) {
	handler := count(ok)
	inner := newGuard(t, newEngine(t)).Wrap(handler)
	for _, replayed := range []bool{false, true} { // the second outer guard knows nothing
		post(newGuard(t, newEngine(t)).Wrap(inner), key, "").is(t, http.StatusOK, "done", replayed)
	}
	handler.ran(t, 1)
}

// TestAnotherKeyInside: a request that a handler sends to the inner guard with
// another key is another call. The second time it is a replay.
func TestAnotherKeyInside(t *testing.T) {
	guard, handler := newGuard(t, newEngine(t)), count(ok)
	inner := guard.Wrap(handler)
	outer := guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Idempotency-Key", "another")
		inner.ServeHTTP(w, r)
	}))
	post(outer, key, "").is(t, http.StatusOK, "done", false)
	post(outer, "third", "").is(t, http.StatusOK, "done", true)
	handler.ran(t, 1)
}

// TestInnerRefusalIsNotRecorded: if an inner guard refuses, in this process or
// behind a proxy, the request has not run.
func TestInnerRefusalIsNotRecorded(t *testing.T) {
	around := map[string]func(*testing.T, http.Handler) http.Handler{
		"same process": func(_ *testing.T, inner http.Handler) http.Handler { return inner },
		"behind proxy": func(t *testing.T, inner http.Handler) http.Handler {
			t.Helper()
			return proxyTo(t, inner)
		},
	}
	for name, around := range around {
		t.Run(name, func(t *testing.T) {
			handler := count(ok)
			inner := newGuard(t, engineOn(t, downStore{})).Wrap(handler)
			guard := newGuard(t, newEngine(t))
			outer := startHTTP1(t, guard.Wrap(around(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inner.ServeHTTP(w, r)
			}))))
			outer.post(key, "").refuses(t, http.StatusServiceUnavailable, idempotency.ReasonStoreUnavailable)
			inner = newGuard(t, newEngine(t)).Wrap(handler)
			outer.again(key, "").is(t, http.StatusOK, "done", false)
			outer.again(key, "").is(t, http.StatusOK, "done", true)
			handler.ran(t, 1)
		})
	}
}
