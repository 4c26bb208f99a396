package idempotencytest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/httpmw"
)

// fakeTB is a testing.TB that notes failures, for assertions that must fail.
type fakeTB struct {
	testing.TB

	mu       sync.Mutex
	failures []string
}

func (f *fakeTB) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// failure runs an assertion and returns how it failed, or "".
func failure(t *testing.T, assert func(tb testing.TB)) string {
	t.Helper()
	fake := &fakeTB{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		assert(fake)
	}()
	<-done
	return strings.Join(fake.failures, "\n")
}

// failsWith requires that an assertion fails with one error that contains the text.
func failsWith(t *testing.T, text string, assert func(tb testing.TB)) {
	t.Helper()
	got := failure(t, assert)
	if !strings.Contains(got, text) || strings.Contains(got, "\n") {
		t.Errorf("the assertion failed with %q, want one error with %q", got, text)
	}
}

// holds requires that an assertion does not fail.
func holds(t *testing.T, assert func(tb testing.TB)) {
	t.Helper()
	if got := failure(t, assert); got != "" {
		t.Errorf("the assertion failed: %s", got)
	}
}

// ledger counts payments: the effects of the services in these tests.
type ledger struct {
	mu       sync.Mutex
	payments []string
	paid     func() // called after each payment, unless it is nil
}

// pay makes a payment and returns its number.
func (l *ledger) pay(what string) int {
	l.mu.Lock()
	l.payments = append(l.payments, what)
	n, paid := len(l.payments), l.paid
	l.mu.Unlock()
	if paid != nil {
		paid()
	}
	return n
}

func (l *ledger) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.payments)
}

// unguarded is a service over HTTP that pays with every request.
func unguarded(l *ledger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /payments", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n := l.pay(string(body))
		w.Header().Set("Location", fmt.Sprintf("/payments/%d", n))
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id":%d}`, n)
	})
	return mux
}

// newEngine returns an engine on the store, which is closed when the test ends.
func newEngine(tb testing.TB, store backend.Store, options ...idempotency.Option) *idempotency.Engine {
	tb.Helper()
	engine, err := idempotency.New(store, options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := engine.Close(ctx); err != nil {
			tb.Error(err)
		}
	})
	return engine
}

// newHandler returns the service over HTTP with a guard.
func newHandler(tb testing.TB, l *ledger, store backend.Store, options ...idempotency.Option) http.Handler {
	tb.Helper()
	guard, err := httpmw.New(newEngine(tb, store, options...))
	if err != nil {
		tb.Fatal(err)
	}
	return guard.Wrap(unguarded(l))
}

// newPayment returns a request for a payment.
func newPayment() *http.Request {
	return httptest.NewRequest(http.MethodPost, "/payments", strings.NewReader(`{"amount":5}`))
}

// pay sends a request for a payment with the key, and returns the answer.
func pay(handler http.Handler, key string) *httptest.ResponseRecorder {
	request, answer := newPayment(), httptest.NewRecorder()
	request.Header.Set("Idempotency-Key", key)
	handler.ServeHTTP(answer, request)
	return answer
}

// got requires an answer with the status, and a text in its body.
func got(t *testing.T, answer *httptest.ResponseRecorder, status int, text string) {
	t.Helper()
	if answer.Code != status || !strings.Contains(answer.Body.String(), text) {
		t.Errorf("got %d %s, want %d with %s", answer.Code, answer.Body, status, text)
	}
}
