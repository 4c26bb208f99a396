package main

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// testServer is a server in this process, on ports of its own.
type testServer struct {
	config

	t                        *testing.T
	httpAddress, grpcAddress string
	store                    *backendtest.FaultyWaiter // nil unless the server comes from start
	events                   *events
}

// testTimeout bounds everything that a test waits for. It is long because test
// machines can be slow; no test waits until it has passed.
const testTimeout = 30 * time.Second

// start returns a server that runs until the test ends, over a memory store that
// can be made to fail. The change, which may be nil, is applied to the defaults of
// the flags.
func start(t *testing.T, change func(*config)) *testServer {
	t.Helper()
	memory := memstore.New()
	t.Cleanup(func() { memory.Close() })
	store := backendtest.NewFaultyWaiter(memory, nil)
	s := serve(t, configure(t, change), store)
	s.store = store
	return s
}

func configure(t *testing.T, change func(*config)) config {
	t.Helper()
	c, err := parse([]string{"-http", "127.0.0.1:0", "-grpc", "127.0.0.1:0"}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&c)
	}
	return c
}

// openStore opens the store of the flag -store until the test ends.
func openStore(t *testing.T, c config) backend.Store {
	t.Helper()
	store, err := c.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// serve returns a server that runs until the test ends.
func serve(t *testing.T, c config, store backend.Store, options ...idempotency.Option) *testServer {
	t.Helper()
	s := &testServer{config: c, t: t, events: new(events)}
	running, err := newServer(c, store, append(options, idempotency.WithObserver(s.events))...)
	if err != nil {
		t.Fatal(err)
	}
	s.httpAddress, s.grpcAddress = running.httpListener.Addr().String(), running.grpcListener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- running.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return s
}

// entries returns the ledger entries of a tenant.
func (s *testServer) entries(tenant string) (found []*paymentsv1.Payment) {
	s.t.Helper()
	err := s.manage(func(client paymentsv1connect.PaymentServiceClient) (err error) {
		found, err = s.list(s.t.Context(), client, tenant)
		return err
	})
	if err != nil {
		s.t.Fatalf("list: %v", err)
	}
	return found
}

func (s *testServer) wantEntries(want int) {
	s.t.Helper()
	if got := len(s.entries("")); got != want {
		s.t.Errorf("%d ledger entries, want %d", got, want)
	}
}

// wantEntriesOf checks the number of ledger entries of one customer.
func (s *testServer) wantEntriesOf(tb testing.TB, customer string, want int) {
	tb.Helper()
	got := 0
	for _, payment := range s.entries("") {
		if payment.GetCustomer() == customer {
			got++
		}
	}
	if got != want {
		tb.Errorf("%d ledger entries of %s, want %d", got, customer, want)
	}
}

// awaitEntries waits until the ledger has at least so many entries.
func (s *testServer) awaitEntries(want int) {
	s.t.Helper()
	eventually(s.t, "ledger entries", func() bool { return len(s.entries("")) >= want })
}

// eventually waits until something has happened.
func eventually(tb testing.TB, what string, happened func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(testTimeout); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("gave up waiting for %s", what)
		}
	}
}

// httpClient uses HTTP/1.1, as browsers and curl do without TLS.
func httpClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// countSteps counts the invocations of a method of the store from now on.
func (s *testServer) countSteps(op backendtest.Op) *atomic.Int32 {
	steps := new(atomic.Int32)
	s.store.Set(func(called backendtest.Op) backendtest.Fault {
		if called == op {
			steps.Add(1)
		}
		return backendtest.Fault{}
	})
	return steps
}

// events collects the events of the engine.
type events struct {
	mu   sync.Mutex
	seen []idempotency.Event
}

func (e *events) Observe(_ context.Context, event idempotency.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = append(e.seen, event)
}

func (e *events) of(kind idempotency.EventKind) (found []idempotency.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.seen {
		if event.Kind == kind {
			found = append(found, event)
		}
	}
	return found
}
