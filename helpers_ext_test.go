// The words of this package's tests:
//
//   - payment and payload make a request; starts, replays and refused run it and
//     require what it gets.
//   - recording, releasing and abandoning are handlers with that verdict.
//   - hold leaves a call running; crash leaves a claim behind, as a process does
//     that dies.
//   - shaky is a store with planned faults: down, lost (applied, without a reply)
//     and hang, for the first or every step of a kind.
//   - ok, want, equal and took compare.
package idempotency_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

const (
	operation = "/bank.v1.Bank/Pay"
	lease     = 30 * time.Second // the default
)

// errDown has a text that no client may see.
var errDown = errors.New("dial tcp redis-7.internal:6379: connection refused")

// Faults of a store.
var (
	down = backendtest.Fault{Err: errDown}                // not applied
	lost = backendtest.Fault{Err: errDown, Applied: true} // applied, the reply was lost
	hang = backendtest.Fault{Hang: true}
)

func openStore(tb testing.TB) *memstore.Store {
	tb.Helper()

	store := memstore.New()
	tb.Cleanup(func() { _ = store.Close() })
	return store
}

func newEngine(tb testing.TB, store backend.Store, options ...idempotency.Option) *idempotency.Engine {
	tb.Helper()
	engine, err := idempotency.New(store, options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { ok(tb, engine.Close(context.Background())) })
	return engine
}

// shaky is a memory store that fails as planned and counts its calls.
type shaky struct {
	*backendtest.FaultyWaiter

	mu    sync.Mutex
	plans map[backendtest.Op]plan
	sent  map[backendtest.Op][]time.Time
}

// plan returns the fault of the n-th call of a method, from 1.
type plan func(n int) backendtest.Fault

func every(fault backendtest.Fault) plan { return func(int) backendtest.Fault { return fault } }

func first(calls int, fault backendtest.Fault) plan {
	return func(n int) backendtest.Fault {
		if n > calls {
			return backendtest.Fault{}
		}
		return fault
	}
}

func newShaky(store *memstore.Store) *shaky {
	s := &shaky{plans: map[backendtest.Op]plan{}, sent: map[backendtest.Op][]time.Time{}}
	s.FaultyWaiter = backendtest.NewFaultyWaiter(store, s.fault)
	return s
}

func (s *shaky) fault(op backendtest.Op) backendtest.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent[op] = append(s.sent[op], time.Now())
	if plan := s.plans[op]; plan != nil {
		return plan(len(s.sent[op]))
	}
	return backendtest.Fault{}
}

// on sets the plan of a method; its calls are counted from here.
func (s *shaky) on(op backendtest.Op, plan plan) *shaky {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plans[op], s.sent[op] = plan, nil
	return s
}

func (s *shaky) times(op backendtest.Op) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.sent[op]...)
}

func (s *shaky) count(op backendtest.Op) int { return len(s.times(op)) }

// events is an observer that stores what it gets.
type events struct {
	mu  sync.Mutex
	all []idempotency.Event
}

func (e *events) Observe(_ context.Context, event idempotency.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

func (e *events) list() []idempotency.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]idempotency.Event(nil), e.all...)
}

func (e *events) of(kind idempotency.EventKind) (found []idempotency.Event) {
	for _, event := range e.list() {
		if event.Kind == kind {
			found = append(found, event)
		}
	}
	return found
}

func (e *events) kinds() (kinds []string) {
	for _, event := range e.list() {
		kinds = append(kinds, event.Kind.String())
	}
	return kinds
}

// request is a call of an operation.
type request struct {
	idempotency.Call

	operation string
}

// run passes a request through the engine, as an adapter does.
func run(ctx context.Context, engine *idempotency.Engine, r request, handler func(context.Context) idempotency.Answer) (idempotency.Result, error) {
	return engine.Operation(r.operation, idempotency.Policy{}).Run(ctx, r.Call, handler)
}

// all sets the policy of all operations.
func all(policy idempotency.Policy) idempotency.Option { return idempotency.WithPolicy("*", policy) }

func payment(key string) request { return request{idempotency.Call{Key: key}, operation} }

func payload(key, body string) request {
	call := payment(key)
	call.Fingerprint = fingerprint.New(fingerprint.Bytes, []byte(body))
	return call
}

// worker is a handler with a fixed answer that counts its runs.
type worker struct {
	answer idempotency.Answer
	runs   atomic.Int32
}

func (w *worker) run(context.Context) idempotency.Answer {
	w.runs.Add(1)
	return w.answer
}

func recording(text string) *worker {
	return &worker{answer: idempotency.Answer{Verdict: idempotency.Record, Outcome: []byte(text)}}
}

func releasing() *worker { return &worker{answer: idempotency.Answer{Verdict: idempotency.Release}} }

func abandoning() *worker { return &worker{answer: idempotency.Answer{Verdict: idempotency.Abandon}} }

// starts runs a call whose handler must run, as the given attempt.
func starts(tb testing.TB, engine *idempotency.Engine, call request, w *worker, attempt int) {
	tb.Helper()
	before := w.runs.Load()
	result, err := run(tb.Context(), engine, call, w.run)
	if err != nil || result.Replayed || result.Attempt != attempt || w.runs.Load() != before+1 {
		tb.Errorf("got %+v, %v after %d runs, want a run as attempt %d", result, err, w.runs.Load()-before, attempt)
	}
	if string(result.Outcome) != string(w.answer.Outcome) {
		tb.Errorf("got outcome %q, want the handler's own %q", result.Outcome, w.answer.Outcome)
	}
}

// replays runs a call that must get the outcome of an earlier one.
func replays(tb testing.TB, engine *idempotency.Engine, call request, outcome string) idempotency.Result {
	tb.Helper()
	w := recording("ran again")
	result, err := run(tb.Context(), engine, call, w.run)
	if err != nil || !result.Replayed || string(result.Outcome) != outcome || w.runs.Load() != 0 {
		tb.Errorf("got %q, %+v, %v, %d runs, want a replay of %q", result.Outcome, result, err, w.runs.Load(), outcome)
	}
	return result
}

// refused runs a call that must be refused without running.
func refused(tb testing.TB, engine *idempotency.Engine, call request, target error) {
	tb.Helper()
	_ = refusalOf(tb, engine, call, target)
}

// refusalOf is refused, and returns what the call got.
func refusalOf(tb testing.TB, engine *idempotency.Engine, call request, target error) *idempotency.Error {
	tb.Helper()
	w := recording("ran")
	result, err := run(tb.Context(), engine, call, w.run)
	want(tb, err, target)
	if w.runs.Load() != 0 || result.Outcome != nil || result.Replayed {
		tb.Errorf("got %+v after %d runs, want a refusal alone", result, w.runs.Load())
	}
	refusal, is := errors.AsType[*idempotency.Error](err)
	if !is {
		tb.Errorf("got a %T, want an *Error", err)
		return &idempotency.Error{}
	}
	return refusal
}

// held is a call whose handler runs until end is called.
type held struct {
	ctx    context.Context
	answer chan idempotency.Answer
	result chan idempotency.Result
}

// hold starts a call in a synctest bubble and leaves it running.
func hold(tb testing.TB, engine *idempotency.Engine, call request) *held {
	tb.Helper()
	h, started := start(tb, engine, call)
	synctest.Wait()
	select {
	case <-started:
	default:
		tb.Fatal("the handler to hold did not start")
	}
	return h
}

// holdLater is hold for a call that waits for another one first.
func holdLater(tb testing.TB, engine *idempotency.Engine, call request) *held {
	tb.Helper()
	h, started := start(tb, engine, call)
	<-started
	return h
}

func start(tb testing.TB, engine *idempotency.Engine, call request) (h *held, started chan struct{}) {
	tb.Helper()
	h = &held{answer: make(chan idempotency.Answer), result: make(chan idempotency.Result, 1)}
	started = make(chan struct{})
	go func() {
		result, err := run(tb.Context(), engine, call, func(ctx context.Context) idempotency.Answer {
			h.ctx = ctx
			close(started)
			return <-h.answer
		})
		ok(tb, err)
		h.result <- result
	}()
	return h, started
}

func (h *held) end(answer idempotency.Answer) idempotency.Result {
	h.answer <- answer
	return <-h.result
}

// crash leaves a claim behind as a process does that dies: alive for a lease
// from now, with no process left to finish it.
func crash(tb testing.TB, store *memstore.Store, call request, options ...idempotency.Option) {
	tb.Helper()
	broken := newShaky(store).on(backendtest.OpExtend, every(down))
	engine := newEngine(tb, broken, append(options, idempotency.WithLimits(idempotency.Limits{Retries: -1}))...)
	_, err := run(tb.Context(), engine, call, abandoning().run)
	ok(tb, err)
}

// executionOf returns what a handler can know and say of its claim.
func executionOf(ctx context.Context) idempotency.Execution {
	execution, _ := idempotency.FromContext(ctx)
	return execution
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Errorf("unexpected error: %v", err)
	}
}

func want(tb testing.TB, err, target error) {
	tb.Helper()
	if !errors.Is(err, target) {
		tb.Errorf("got error %v, want %v", err, target)
	}
}

func equal[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// took requires that exactly d has passed since start, on a bubble's clock.
func took(tb testing.TB, start time.Time, d time.Duration) {
	tb.Helper()
	if past := time.Since(start); past != d {
		tb.Errorf("took %v, want %v", past, d)
	}
}

// dieAfter returns a handler that panics after the time.
func dieAfter(d time.Duration) func(context.Context) idempotency.Answer {
	return func(context.Context) idempotency.Answer {
		time.Sleep(d)
		panic("boom")
	}
}
