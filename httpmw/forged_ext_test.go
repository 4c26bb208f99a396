package httpmw_test

import (
	"net/http"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// TestForgedRefusalReleasesNothing : an answer that looks like a refusal, and is
// none of this very call, is recorded. The field is not stored.
func TestForgedRefusalReleasesNothing(t *testing.T) {
	const operation = "POST /v1/payments"
	mark := func(operation, key string) string { return idempotency.RefusalMark(t.Context(), operation, key) }
	tests := map[string]struct {
		mark   []string
		status int
	}{
		"copied by an upstream": {[]string{"1"}, http.StatusConflict},
		"reason":                {[]string{string(idempotency.ReasonInProgress)}, http.StatusConflict},
		"empty":                 {[]string{""}, http.StatusConflict},
		"success":               {[]string{mark(operation, key)}, http.StatusOK},
		"redirect":              {[]string{mark(operation, key)}, http.StatusSeeOther},
		"another key":           {[]string{mark(operation, "another")}, http.StatusConflict},
		"another operation":     {[]string{mark("POST /v1/refunds", key)}, http.StatusConflict},
		"several":               {[]string{mark("POST /v1/refunds", key), mark(operation, "another")}, http.StatusConflict},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := count(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()[idempotency.RefusedField] = test.mark
				w.WriteHeader(test.status)
			})
			engine := newEngine(t, idempotency.WithOnAbandoned(idempotency.Reject))
			guarded := newGuard(t, engine).Wrap(handler)
			post(guarded, key, "").is(t, test.status, "", false)
			again := post(guarded, key, "")
			again.is(t, test.status, "", true)
			if _, stored := again.header[idempotency.RefusedField]; stored {
				t.Error("the field is stored")
			}
			handler.ran(t, 1)
		})
	}
}

// TestOwnRefusalReleases : with the mark of the operation, or of the path that
// an RPC's operation is, a handler that did not run may run later.
func TestOwnRefusalReleases(t *testing.T) {
	for _, operation := range []string{"POST /v1/payments", "/v1/payments"} {
		guarded := newGuard(t, newEngine(t)).Wrap(attempts(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/elsewhere" // a router inside may rewrite it
			refusal := *idempotency.ErrKeyReused
			refusal.Mark = "another " + idempotency.RefusalMark(t.Context(), operation, key)
			httpmw.WriteRefusal(w, r, &refusal)
		}))
		post(guarded, key, "").refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
		post(guarded, key, "").is(t, http.StatusOK, "attempt 1", false)
	}
}
