package pgstore_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// httpAnswer is what a client receives.
type httpAnswer struct {
	status int
	header http.Header
	body   string
}

func (a httpAnswer) is(t *testing.T, status int, body string, replayed bool) {
	t.Helper()
	if a.status != status || a.body != body || (a.header.Get("Idempotent-Replayed") == "true") != replayed {
		t.Errorf("got %d %q with %v, want %d %q, replayed %t", a.status, a.body, a.header, status, body, replayed)
	}
}

// serveHTTP starts a server of the shop, and returns how to call it with a key. A
// middleware around the guard sets a field.
func serveHTTP(t *testing.T, s *shop, handler http.HandlerFunc, options ...httpmw.Option) func(key string) httpAnswer {
	t.Helper()
	guard, err := httpmw.New(s.engine, options...)
	ok(t, err)
	guarded := guard.Wrap(handler)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request", "this one")
		w.Header().Set("Overridden", "by the handler")
		guarded.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return func(key string) httpAnswer {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/pay", strings.NewReader("{}"))
		ok(t, err)
		request.Header.Set("Idempotency-Key", key)
		response, err := server.Client().Do(request)
		ok(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		ok(t, err)
		return httpAnswer{response.StatusCode, response.Header, string(body)}
	}
}

func created(body string) httpmw.Response {
	return httpmw.Response{
		Status: http.StatusCreated,
		Header: http.Header{"content-type": {"text/plain"}, "Location": {"/pay/1"}, "Overridden": {"yes"}, "X-Many": {"1", "2"}},
		Body:   []byte(body),
	}
}

func wantHeader(t *testing.T, a httpAnswer) {
	t.Helper()
	for name, want := range map[string]string{
		"Location": "/pay/1", "Content-Type": "text/plain", "Overridden": "yes", "X-Many": "1,2", "Before": "complete", "Request": "this one",
	} {
		if got := strings.Join(a.header[name], ","); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestCompleteOverHTTP(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	counted := s.counted(idempotency.Policy{})
	call := serveHTTP(t, s, func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Before", "complete")
		response := created("paid")
		ok(t, s.completes(r.Context(), "payment", response))
		if http.NewResponseController(w).Flush() == nil {
			t.Error("the answer was flushed, and may be replaced")
		}
		ok(t, response.Write(w))
	})
	for _, replayed := range []bool{false, true} {
		a := call("key")
		a.is(t, http.StatusCreated, "paid", replayed)
		wantHeader(t, a)
	}
	if n := counted.rows.Load() + counted.execs.Load(); n != 2 {
		t.Errorf("the store sent %d statements of its own, want the two claims alone", n)
	}
	s.wantEntries(1)
}

// TestCommittedOutcomeReplacesTheAnswerOverHTTP, with nothing of the handler's answer.
func TestCommittedOutcomeReplacesTheAnswerOverHTTP(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	for name, after := range map[string]http.HandlerFunc{
		"other":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "other") },
		"error":     func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "mail", http.StatusInternalServerError) },
		"release":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "late", http.StatusTooManyRequests) },
		"nothing":   func(http.ResponseWriter, *http.Request) {},
		"too-large": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 200)) },
	} {
		call := serveHTTP(t, s, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Before", "complete")
			ok(t, s.completes(r.Context(), name, created("paid")))
			w.Header().Set("After", "the commit")
			after(w, r)
		}, httpmw.WithMaxResponse(100))
		for range 2 {
			a := call(name)
			a.is(t, http.StatusCreated, "paid", true)
			wantHeader(t, a)
			if a.header["After"] != nil {
				t.Errorf("%s: the answer has a field of the one that it replaces", name)
			}
		}
	}
	s.wantEntries(5)
}

// TestRolledBackCompletionOverHTTP: the handler's own answer is sent and recorded.
func TestRolledBackCompletionOverHTTP(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	ok(t, s.enters(t.Context(), "entry", func(pgx.Tx) error { return nil }))
	call := serveHTTP(t, s, func(w http.ResponseWriter, r *http.Request) {
		if err := s.completes(r.Context(), "entry", created("paid")); err != nil { // the unique index is checked at COMMIT
			http.Error(w, "twice", http.StatusConflict)
		}
	})
	for _, replayed := range []bool{false, true} {
		call("key").is(t, http.StatusConflict, "twice\n", replayed)
	}
	s.wantEntries(1)
}

// TestLargeResponseIsNotKeptOverHTTP: the effect is committed, and every byte reaches
// the first caller.
func TestLargeResponseIsNotKeptOverHTTP(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	large := httpmw.Response{Body: []byte(strings.Repeat("x", 200))}
	call := serveHTTP(t, s, func(w http.ResponseWriter, r *http.Request) {
		ok(t, s.completes(r.Context(), "payment", large))
		ok(t, large.Write(w))
	}, httpmw.WithMaxResponse(100))
	call("key").is(t, http.StatusOK, string(large.Body), false)
	if a := call("key"); a.status != http.StatusConflict || !strings.Contains(a.body, string(idempotency.ReasonOutcomeNotKept)) {
		t.Errorf("got %d %s", a.status, a.body)
	}
	s.wantEntries(1)
}

func TestCompleteComesBeforeTheAnswerOverHTTP(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	call := serveHTTP(t, s, func(w http.ResponseWriter, r *http.Request) {
		for _, response := range []any{"a text", httpmw.Response{Status: http.StatusContinue}, httpmw.Response{Status: http.StatusBadGateway}} {
			if s.completes(r.Context(), "payment", response) == nil {
				t.Errorf("a claim was completed with %v", response)
			}
		}
		_, _ = io.WriteString(w, "begun")
		if s.completes(r.Context(), "payment", created("paid")) == nil {
			t.Error("a claim was completed after the answer had begun")
		}
	})
	call("key").is(t, http.StatusOK, "begun", false)
	s.wantEntries(0)
}

func TestRebuildOverHTTP(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{Rebuild: func(_ context.Context, _ idempotency.Execution, reference []byte) (any, error) {
		response := created(string(reference))
		response.Header.Set("Before", "complete")
		return response, nil
	}})
	call := serveHTTP(t, s, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Before", "complete")
		ok(t, s.marks(r.Context(), "paid"))
		ok(t, created("paid").Write(w))
	})
	for _, replayed := range []bool{false, true} {
		a := call("key")
		a.is(t, http.StatusCreated, "paid", replayed)
		wantHeader(t, a)
	}
	s.wantEntries(1)
}
