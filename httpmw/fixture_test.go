package httpmw_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

const key = "5f0b8f0e-2f0a-4a3c-9a35-0d4a0d3a8a11"

// Options of an engine.
var (
	keyRequired     = idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired})
	rejectAbandoned = idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: idempotency.Reject})
)

func newEngine(tb testing.TB, options ...idempotency.Option) *idempotency.Engine {
	tb.Helper()
	return engineOn(tb, memstore.New(), options...)
}

func engineOn(tb testing.TB, store backend.Store, options ...idempotency.Option) *idempotency.Engine {
	tb.Helper()
	engine, err := idempotency.New(store, options...)
	if err != nil {
		tb.Fatal(err)
	}
	return engine
}

// newGuard returns a middleware whose options are fine.
func newGuard(tb testing.TB, engine *idempotency.Engine, options ...httpmw.Option) *httpmw.Middleware {
	tb.Helper()
	guard, err := httpmw.New(engine, options...)
	if err != nil {
		tb.Fatal(err)
	}
	return guard
}

// counted counts how often a handler runs.
type counted struct {
	atomic.Int64
	http.HandlerFunc
}

func count(handler http.HandlerFunc) *counted { return &counted{HandlerFunc: handler} }

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.Add(1)
	c.HandlerFunc(w, r)
}

func (c *counted) ran(tb testing.TB, want int64) {
	tb.Helper()
	if got := c.Load(); got != want {
		tb.Fatalf("the handler ran %d times, want %d", got, want)
	}
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "done") }

// answer is a response that has been read.
type answer struct {
	status  int
	header  http.Header
	trailer http.Header
	body    string
}

func (a answer) replayed() bool { return a.header.Get("Idempotent-Replayed") == "true" }

func (a answer) is(tb testing.TB, status int, body string, replayed bool) {
	tb.Helper()
	if a.status != status || a.body != body || a.replayed() != replayed {
		tb.Fatalf("got %d %.80q (replayed: %t), want %d %.80q (replayed: %t)",
			a.status, a.body, a.replayed(), status, body, replayed)
	}
}

// reason returns the reason of a refusal, and "" for any other answer.
func (a answer) reason() idempotency.Reason {
	var problem struct {
		Reason idempotency.Reason `json:"reason"`
	}
	if a.header.Get("Content-Type") == "application/problem+json" {
		_ = json.Unmarshal([]byte(a.body), &problem)
	}
	return problem.Reason
}

func (a answer) refuses(tb testing.TB, status int, reason idempotency.Reason) {
	tb.Helper()
	if a.status != status || a.reason() != reason {
		tb.Fatalf("got %d %q with body %.120q, want %d %q", a.status, a.reason(), a.body, status, reason)
	}
}

func newRequest(key, body string) *http.Request {
	request := httptest.NewRequest(http.MethodPost, "/v1/payments", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	return request
}

// do sends the request to a handler without a server.
func do(handler http.Handler, request *http.Request) answer {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return read(recorder.Result())
}

func post(handler http.Handler, key, body string) answer { return do(handler, newRequest(key, body)) }

func read(response *http.Response) answer {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		body = append(body, "; error: "+err.Error()...)
	}
	return answer{response.StatusCode, response.Header, response.Trailer, string(body)}
}

// protocols start servers on real connections.
var protocols = map[string]func(testing.TB, http.Handler) *server{
	"HTTP/1.1": startHTTP1,
	"HTTP/2.0": startHTTP2,
}

func startHTTP1(tb testing.TB, handler http.Handler) *server {
	tb.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Start()
	tb.Cleanup(s.Close)
	return &server{s, tb}
}

func startHTTP2(tb testing.TB, handler http.Handler) *server {
	tb.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.EnableHTTP2 = true
	s.StartTLS()
	tb.Cleanup(s.Close)
	return &server{s, tb}
}

type server struct {
	*httptest.Server
	testing.TB
}

func (s *server) request(key string, body io.Reader) *http.Request {
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.URL+"/v1/payments", body)
	if err != nil {
		s.Fatal(err)
	}
	request.Header.Set("Idempotency-Key", key)
	return request
}

func (s *server) send(request *http.Request) answer {
	s.Helper()
	response, err := s.Client().Do(request)
	if err != nil {
		s.Fatal(err)
	}
	return read(response)
}

func (s *server) post(key, body string) answer {
	s.Helper()
	return s.send(s.request(key, strings.NewReader(body)))
}

// again posts once more when the first call has been recorded, which may be
// after its client has read the last byte.
func (s *server) again(key, body string) (got answer) {
	s.Helper()
	soon(s, "the first call is recorded", func() bool {
		got = s.post(key, body)
		return got.reason() != idempotency.ReasonInProgress
	})
	return got
}

var errDown = errors.New("dial tcp 10.1.2.3:6379: connection refused")

// downStore is a store that cannot be reached.
type downStore struct{}

func (downStore) Claim(context.Context, backend.Key, backend.Claim) (backend.Record, error) {
	return backend.Record{}, errDown
}

func (downStore) Extend(context.Context, backend.Key, backend.Token, time.Duration, time.Duration) error {
	return errDown
}

func (downStore) Complete(context.Context, backend.Key, backend.Token, backend.Outcome) error {
	return errDown
}

func (downStore) Release(context.Context, backend.Key, backend.Token) error { return errDown }

// doneStore has one answer for every key.
type doneStore struct {
	downStore

	outcome []byte
}

func (s doneStore) Claim(context.Context, backend.Key, backend.Claim) (backend.Record, error) {
	return backend.Record{State: backend.Done, Attempt: 1, Outcome: s.outcome}, nil
}

// soon waits for something that happens asynchronously.
func soon(tb testing.TB, what string, happened func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatal("waited in vain until " + what)
		}
	}
}
