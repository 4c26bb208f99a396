package httpmw_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

func TestDefaultClassifier(t *testing.T) {
	special := map[int]idempotency.Verdict{
		401: idempotency.Release, 405: idempotency.Release, 408: idempotency.Release, 425: idempotency.Release,
		429: idempotency.Release, 501: idempotency.Release,
		499: idempotency.Abandon, 502: idempotency.Abandon, 503: idempotency.Abandon, 504: idempotency.Abandon,
	}
	for status := 200; status < 600; status++ {
		want, ok := special[status]
		if !ok {
			want = idempotency.Record
		}
		if got := httpmw.DefaultClassifier(status, nil); got != want {
			t.Errorf("status %d: got verdict %d, want %d", status, got, want)
		}
	}
}

// attempts returns a handler that runs the function the first time, and then answers
// with the number of the attempt.
func attempts(first http.HandlerFunc) *counted {
	var handler *counted
	handler = count(func(w http.ResponseWriter, r *http.Request) {
		if handler.Load() == 1 {
			first(w, r)
			return
		}
		execution, _ := idempotency.FromContext(r.Context())
		_, _ = io.WriteString(w, "attempt "+string(rune('0'+execution.Attempt)))
	})
	return handler
}

func TestVerdicts(t *testing.T) {
	status := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	tests := map[string]struct {
		first    http.HandlerFunc
		status   int
		body     string
		replayed bool
	}{
		"500 is recorded":  {status(500), 500, "", true},
		"422 is recorded":  {status(422), 422, "", true},
		"404 is recorded":  {status(404), 404, "", true},
		"429 is released":  {status(429), 200, "attempt 1", false},
		"501 is released":  {status(501), 200, "attempt 1", false},
		"499 is abandoned": {status(499), 200, "attempt 2", false},
		"502 is abandoned": {status(502), 200, "attempt 2", false},
		"503 is abandoned": {status(503), 200, "attempt 2", false},
		"504 is abandoned": {status(504), 200, "attempt 2", false},
		"503 without effect is released": {
			httpmw.NoEffect(status(503)).ServeHTTP, 200, "attempt 1", false,
		},
		"a panic is abandoned": {
			func(http.ResponseWriter, *http.Request) { panic("boom") }, 200, "attempt 2", false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			guarded := newGuard(t, newEngine(t)).Wrap(attempts(test.first))
			func() {
				defer func() { _ = recover() }()
				post(guarded, key, "")
			}()
			post(guarded, key, "").is(t, test.status, test.body, test.replayed)
		})
	}
}

func TestClassifierIsReplaced(t *testing.T) {
	classify := func(status int, header http.Header) idempotency.Verdict {
		if header.Get("X-Done") == "no" {
			return idempotency.Release
		}
		return httpmw.DefaultClassifier(status, header)
	}
	guarded := newGuard(t, newEngine(t), httpmw.WithClassifier(classify)).
		Wrap(attempts(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Done", "no") }))
	post(guarded, key, "").is(t, http.StatusOK, "", false)
	post(guarded, key, "").is(t, http.StatusOK, "attempt 1", false)
	post(guarded, key, "").is(t, http.StatusOK, "attempt 1", true)
}

func TestContextEnds(t *testing.T) {
	tests := map[string]struct {
		write    func(w http.ResponseWriter)
		body     string
		replayed bool
	}{
		"nothing written": {func(http.ResponseWriter) {}, "attempt 2", false},
		"answered":        {func(w http.ResponseWriter) { ok(w, nil) }, "done", true},
		"gave up":         {func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }, "attempt 2", false},
		"released":        {func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) }, "attempt 2", false},
		"generic 500":     {func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }, "attempt 2", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			guarded := newGuard(t, newEngine(t)).Wrap(attempts(func(w http.ResponseWriter, r *http.Request) {
				cancel()
				<-r.Context().Done()
				test.write(w)
			}))
			do(guarded, newRequest(key, "").WithContext(ctx))
			post(guarded, key, "").is(t, http.StatusOK, test.body, test.replayed)
		})
	}
}
