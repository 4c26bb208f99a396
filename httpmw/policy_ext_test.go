package httpmw_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
)

func TestPolicyOfAnOperation(t *testing.T) {
	engine := newEngine(t,
		idempotency.WithPolicy("POST /off", idempotency.Policy{Key: idempotency.KeyIgnored}),
		idempotency.WithPolicy("POST /must/*", idempotency.Policy{Key: idempotency.KeyRequired}),
		idempotency.WithPolicy("POST /odd", idempotency.Policy{
			Verdicts: map[int]idempotency.Verdict{418: idempotency.Release}, MaxRequest: 10, MaxResponse: 3,
		}),
	)
	status := http.StatusOK
	handler := count(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "four")
	})
	guarded := newGuard(t, engine).Wrap(handler)
	send := func(path, key, body string) answer {
		request := newRequest(key, body)
		request.URL.Path = path
		return do(guarded, request)
	}
	send("/off", key, "").is(t, 200, "four", false)
	send("/off", key, "").is(t, 200, "four", false)
	handler.ran(t, 2)

	send("/must/have", "", "").refuses(t, 400, idempotency.ReasonKeyMissing)
	send("/may/have", "", "").is(t, 200, "four", false)
	handler.ran(t, 3)

	send("/odd", key, strings.Repeat("x", 11)).refuses(t, 413, idempotency.ReasonRequestTooLarge)
	status = http.StatusTeapot
	send("/odd", key, "").is(t, 418, "four", false)
	status = http.StatusOK
	send("/odd", key, "").is(t, 200, "four", false)
	send("/odd", key, "").refuses(t, 409, idempotency.ReasonOutcomeNotKept)
	handler.ran(t, 5)
}
