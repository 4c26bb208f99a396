package httpmw_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
)

// waiting makes a try that meets another one wait for it, instead of 1 s.
var waiting = idempotency.WithPolicy("*", idempotency.Policy{Wait: time.Minute})

// ledger is a handler that enters each payment, and counts how often it did.
type ledger struct {
	mu      sync.Mutex
	entries map[string]int
}

func newLedger() *ledger { return &ledger{entries: map[string]int{}} }

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	payment, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	l.entries[string(payment)]++
	l.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "paid %s", payment)
}

// balances requires each of n payments once.
func (l *ledger) balances(t *testing.T, n int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for payment, times := range l.entries {
		if times != 1 {
			t.Errorf("payment %s was entered %d times", payment, times)
		}
	}
	if len(l.entries) != n {
		t.Errorf("%d payments were entered, want %d", len(l.entries), n)
	}
}

// payAll makes n payments, some at the same time, and requires that each succeeds. It
// returns how long each took.
func payAll(t testing.TB, client *http.Client, url string, n, workers int) []time.Duration {
	t.Helper()
	took := make([]time.Duration, n)
	todo := make(chan int)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for i := range todo {
				start, payment := time.Now(), strconv.Itoa(i)
				if err := payOnce(t, client, url, payment); err != nil {
					t.Errorf("payment %s: %v", payment, err)
				}
				took[i] = time.Since(start)
			}
		})
	}
	for i := range n {
		todo <- i
	}
	close(todo)
	running.Wait()
	return took
}

func payOnce(t testing.TB, client *http.Client, url, payment string) error {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(payment))
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if want := "paid " + payment; err == nil && (response.StatusCode != http.StatusCreated || string(body) != want) {
		err = fmt.Errorf("got %d %q, want 201 %q", response.StatusCode, body, want)
	}
	return err
}

// lossyListener accepts connections that break when they are to carry an answer
// that is lost: the server has acted then.
type lossyListener struct {
	net.Listener

	lose func() bool
}

func (l lossyListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lossyConn{conn, l.lose}, nil
}

type lossyConn struct {
	net.Conn

	lose func() bool
}

func (c *lossyConn) Write(answer []byte) (int, error) {
	if c.lose() {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(answer)
}

// silent is the log of a server whose connections break on purpose.
var silent = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)

func countNew(connections *atomic.Int64) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
}
