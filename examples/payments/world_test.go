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

// world is a server of its own, in this process, on ports of its own.
type world struct {
	config

	t                        *testing.T
	httpAddress, grpcAddress string
	store                    *backendtest.FaultyWaiter // nil where it is another one
	events                   *events
}

// patience bounds whatever a test waits for. It is long, because machines that
// run tests are slow at times; nothing waits for it to pass.
const patience = 30 * time.Second

// start serves until the test ends, with a memory store that can be made to
// fail. The change, which may be nil, is made to what the flags set by default.
func start(t *testing.T, change func(*config)) *world {
	t.Helper()
	memory := memstore.New()
	t.Cleanup(func() { memory.Close() })
	store := backendtest.NewFaultyWaiter(memory, nil)
	w := serve(t, configure(t, change), store)
	w.store = store
	return w
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

// openStore opens what -store names until the test ends.
func openStore(t *testing.T, c config) backend.Store {
	t.Helper()
	store, err := c.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func serve(t *testing.T, c config, store backend.Store, options ...idempotency.Option) *world {
	t.Helper()
	w := &world{config: c, t: t, events: new(events)}
	s, err := newServer(c, store, append(options, idempotency.WithObserver(w.events))...)
	if err != nil {
		t.Fatal(err)
	}
	w.httpAddress, w.grpcAddress = s.httpListener.Addr().String(), s.grpcListener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return w
}

// entries lists a tenant's ledger.
func (w *world) entries(tenant string) (found []*paymentsv1.Payment) {
	w.t.Helper()
	err := w.manage(func(client paymentsv1connect.PaymentServiceClient) (err error) {
		found, err = w.list(w.t.Context(), client, tenant)
		return err
	})
	if err != nil {
		w.t.Fatalf("list: %v", err)
	}
	return found
}

func (w *world) wantEntries(want int) {
	w.t.Helper()
	if got := len(w.entries("")); got != want {
		w.t.Errorf("%d ledger entries, want %d", got, want)
	}
}

// wantEntriesOf counts the charges of one customer.
func (w *world) wantEntriesOf(tb testing.TB, customer string, want int) {
	tb.Helper()
	got := 0
	for _, payment := range w.entries("") {
		if payment.GetCustomer() == customer {
			got++
		}
	}
	if got != want {
		tb.Errorf("%d ledger entries of %s, want %d", got, customer, want)
	}
}

// awaitEntries returns once the ledger has been written to.
func (w *world) awaitEntries(want int) {
	w.t.Helper()
	eventually(w.t, "ledger entries", func() bool { return len(w.entries("")) >= want })
}

func eventually(tb testing.TB, what string, happened func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("gave up waiting for %s", what)
		}
	}
}

// httpClient speaks HTTP/1.1, as browsers and curl do without TLS.
func httpClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// countSteps counts how often a method of the store is called from now on.
func (w *world) countSteps(op backendtest.Op) *atomic.Int32 {
	steps := new(atomic.Int32)
	w.store.Set(func(called backendtest.Op) backendtest.Fault {
		if called == op {
			steps.Add(1)
		}
		return backendtest.Fault{}
	})
	return steps
}

// events counts what the engine tells of.
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
