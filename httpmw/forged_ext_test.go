package httpmw_test

import (
	"net/http"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/internal/mark"
)

// TestForgedRefusalReleasesNothing: an answer that looks like a refusal, but is not
// the refusal of this call, is recorded. The field is not stored.
func TestForgedRefusalReleasesNothing(t *testing.T) {
	const operation = "POST /v1/payments"
	tests := map[string]struct {
		marks  []string
		status int
	}{
		"copied by an upstream": {[]string{"1"}, http.StatusConflict},
		"reason":                {[]string{string(idempotency.ReasonInProgress)}, http.StatusConflict},
		"empty":                 {[]string{""}, http.StatusConflict},
		"success":               {[]string{mark.Of(operation, key)}, http.StatusOK},
		"redirect":              {[]string{mark.Of(operation, key)}, http.StatusSeeOther},
		"another key":           {[]string{mark.Of(operation, "another")}, http.StatusConflict},
		"another operation":     {[]string{mark.Of("POST /v1/refunds", key)}, http.StatusConflict},
		"several":               {[]string{mark.Of("POST /v1/refunds", key), mark.Of(operation, "another")}, http.StatusConflict},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := count(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()[mark.Field] = test.marks
				w.WriteHeader(test.status)
			})
			engine := newEngine(t, rejectAbandoned)
			guarded := newGuard(t, engine).Wrap(handler)
			post(guarded, key, "").is(t, test.status, "", false)
			again := post(guarded, key, "")
			again.is(t, test.status, "", true)
			if _, stored := again.header[mark.Field]; stored {
				t.Error("the field is stored")
			}
			handler.ran(t, 1)
		})
	}
}

// TestOwnRefusalReleases: the mark of the operation, or of the path, which is the
// operation of an RPC, releases the key, since the handler did not run.
func TestOwnRefusalReleases(t *testing.T) {
	for _, operation := range []string{"POST /v1/payments", "/v1/payments"} {
		guarded := newGuard(t, newEngine(t)).Wrap(attempts(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/elsewhere" // a router inside may rewrite it
			refusal := *idempotency.ErrKeyReused
			refusal.Mark = "another " + mark.Of(operation, key)
			httpmw.WriteRefusal(w, r, &refusal)
		}))
		post(guarded, key, "").refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
		post(guarded, key, "").is(t, http.StatusOK, "attempt 1", false)
	}
}
