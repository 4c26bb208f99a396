package httpmw_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/internal/losstest"
)

// lossyServer is a server with an engine that ends with it.
type lossyServer struct {
	*httptest.Server

	engine *idempotency.Engine
}

func (s lossyServer) Close() {
	s.Server.Close()
	_ = s.engine.Close(context.Background())
}

// startLossy starts a guarded ledger whose connections break before an answer when
// lose says so.
func startLossy(t *testing.T, l *ledger, http2 bool, lose func() bool) lossyServer {
	t.Helper()
	engine := newEngine(t, waiting)
	handler := newGuard(t, engine).Wrap(l)
	if http2 { // a connection carries many answers, so that streams break instead
		inner := handler
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if inner.ServeHTTP(w, r); lose() {
				panic(http.ErrAbortHandler)
			}
		})
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = silent
	if server.EnableHTTP2 = http2; http2 {
		server.StartTLS()
	} else {
		server.Listener = lossyListener{server.Listener, lose}
		server.Start()
	}
	return lossyServer{server, engine}
}

// TestLostAnswers: 30 % of the answers are lost after the server acted. Every
// payment succeeds, and is made once.
func TestLostAnswers(t *testing.T) {
	t.Run("HTTP/1.1", func(t *testing.T) { loseAnswers(t, 2000, false) })
	t.Run("HTTP/2.0", func(t *testing.T) { loseAnswers(t, 2000, true) })
	hedging := httpmw.WithHedging(2 * time.Millisecond)
	t.Run("HTTP/1.1 with hedging", func(t *testing.T) { loseAnswers(t, 500, false, hedging) })
	t.Run("HTTP/2.0 with hedging", func(t *testing.T) { loseAnswers(t, 500, true, hedging) })
}

func loseAnswers(t *testing.T, payments int, http2 bool, options ...httpmw.ClientOption) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var losses losstest.Losses
	l := newLedger()
	server := startLossy(t, l, http2, losses.Next)
	defer server.Close()
	client := server.Client()
	client.Transport = newTransport(t, client.Transport, append(options,
		httpmw.WithMaxAttempts(40), httpmw.WithRetryBudget(float64(10*payments), 1),
		httpmw.WithBackoff(time.Millisecond, 2*time.Millisecond))...)
	payAll(t, client, server.URL, payments, 16)
	client.CloseIdleConnections()
	if l.balances(t, payments); losses.Lost() < int64(payments/4) {
		t.Errorf("only %d answers were lost", losses.Lost())
	}
}

// TestRepetitionOfNetHTTPHasTheKey: a kept connection turns out to be broken, and
// net/http's own Transport sends the request again although there are no retries.
func TestRepetitionOfNetHTTPHasTheKey(t *testing.T) {
	l, broken := newLedger(), atomic.Bool{}
	server := startLossy(t, l, false, func() bool { return broken.CompareAndSwap(true, false) })
	defer server.Close()
	client := server.Client()
	client.Transport = newTransport(t, client.Transport, httpmw.WithMaxAttempts(1))
	payAll(t, client, server.URL, 1, 1) // the connection is kept
	l.mu.Lock()
	clear(l.entries)
	l.mu.Unlock()
	broken.Store(true)
	if err := payOnce(t, client, server.URL, "second"); err != nil {
		t.Error(err)
	}
	if l.balances(t, 1); broken.Load() {
		t.Error("no answer was lost")
	}
}

// TestConnectionsAreReused after answers that were discarded.
func TestConnectionsAreReused(t *testing.T) {
	var connections, calls atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1)%2 == 1 {
			http.Error(w, "busy", http.StatusServiceUnavailable)
		}
	}))
	server.Config.ConnState = countNew(&connections)
	server.Start()
	defer server.Close()
	client := server.Client()
	client.Transport = newTransport(t, client.Transport, httpmw.WithBackoff(time.Millisecond, time.Millisecond))
	for range 10 {
		response, err := client.Post(server.URL, "", nil)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatal(response, err)
		}
		response.Body.Close()
	}
	if connections.Load() != 1 || calls.Load() != 20 {
		t.Errorf("%d calls took %d connections", calls.Load(), connections.Load())
	}
}
