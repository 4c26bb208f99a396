package otelidem_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

// measuredEngine is an engine whose steps of the store take time, by the clock of
// the bubble, and fail on demand.
type measuredEngine struct {
	*meter

	operation idempotency.Operation
	store     *backendtest.FaultyWaiter
}

// Each step of the store takes this long.
const step = 2 * time.Millisecond

func newMeasuredEngine(t *testing.T, options ...idempotency.Option) *measuredEngine {
	t.Helper()
	memory := memstore.New()
	e := &measuredEngine{meter: newMeter(t), store: backendtest.NewFaultyWaiter(memory, nil)}
	e.fails("", backendtest.Fault{})
	engine, err := idempotency.New(e.store, append(options, idempotency.WithObserver(e))...)
	ok(t, err)
	e.operation = engine.Operation(operation, idempotency.Policy{})
	t.Cleanup(func() {
		ok(t, engine.Close(context.Background()))
		_ = memory.Close()
	})
	return e
}

// fails makes one kind of step fail from now on, and the others succeed.
func (e *measuredEngine) fails(op backendtest.Op, fault backendtest.Fault) {
	e.store.Set(func(called backendtest.Op) backendtest.Fault {
		switch called {
		case op:
			return fault
		case backendtest.OpWait:
			return backendtest.Fault{}
		default:
			return backendtest.Fault{Delay: step}
		}
	})
}

// call runs a call whose handler takes a second and answers with the verdict.
func (e *measuredEngine) call(t *testing.T, key, body string, verdict idempotency.Verdict) {
	t.Helper()
	_, _ = e.operation.Run(t.Context(), idempotency.Call{
		Key:         key,
		Fingerprint: fingerprint.New(fingerprint.Bytes, []byte(body)),
	}, func(context.Context) idempotency.Answer {
		time.Sleep(second)
		return idempotency.Answer{Verdict: verdict, Outcome: []byte("paid")}
	})
}

// bubble runs a subtest with a clock of its own.
func bubble(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestCallsOfAnEngine(t *testing.T) {
	bubble(t, "claimed, replayed, refused", func(t *testing.T) {
		e := newMeasuredEngine(t)
		e.call(t, "k", "one", idempotency.Record)
		e.call(t, "k", "one", idempotency.Record)
		e.call(t, "k", "one", idempotency.Record)
		e.call(t, "k", "two", idempotency.Record)
		e.measured(t,
			"calls"+on("outcome=claimed")+" 1",
			"calls"+on("outcome=replayed")+" 2",
			"calls"+on("error.type=key_reused outcome=refused")+" 1",
			"claims.ended"+on("claim.end=recorded retried=false")+" 1",
			"claims.running"+on("")+" 0",
			"handler.duration"+on("")+" 1 1",
			"store.duration"+on("store.step=claim")+" 1 0.002",
			"store.duration"+on("store.step=finish")+" 1 0.002",
		)
	})
	bubble(t, "abandoned, taken over, released", func(t *testing.T) {
		e := newMeasuredEngine(t)
		e.call(t, "k", "one", idempotency.Abandon)
		e.call(t, "k", "one", idempotency.Record)
		e.call(t, "l", "one", idempotency.Release)
		e.measured(t,
			"calls"+on("outcome=claimed")+" 2",
			"calls"+on("outcome=taken_over")+" 1",
			"claims.ended"+on("claim.end=abandoned retried=false")+" 1",
			"claims.ended"+on("claim.end=recorded retried=false")+" 1",
			"claims.ended"+on("claim.end=released retried=false")+" 1",
			"claims.running"+on("")+" 0",
			"handler.duration"+on("")+" 3 3",
			"store.duration"+on("store.step=claim")+" 3 0.006",
			"store.duration"+on("store.step=finish")+" 3 0.006",
		)
	})
	bubble(t, "waited", func(t *testing.T) {
		e := newMeasuredEngine(t, idempotency.WithPolicy("*", idempotency.Policy{Wait: 500 * time.Millisecond}))
		go e.call(t, "k", "one", idempotency.Record)
		time.Sleep(2 * step)
		e.call(t, "k", "one", idempotency.Record) // for 500 ms
		e.call(t, "k", "one", idempotency.Record) // for the rest of the second
		time.Sleep(second)
		e.measured(t,
			"calls"+on("outcome=claimed")+" 1",
			"calls"+on("outcome=replayed")+" 1",
			"calls"+on("error.type=in_progress outcome=refused")+" 1",
			"claims.ended"+on("claim.end=recorded retried=false")+" 1",
			"claims.running"+on("")+" 0",
			"handler.duration"+on("")+" 1 1",
			"store.duration"+on("store.step=claim")+" 1 0.002",
			"store.duration"+on("store.step=finish")+" 1 0.002",
			"wait.duration"+on("")+" 2 0.996", // 500 ms and 496
		)
	})
}

func TestRunningClaims(t *testing.T) {
	bubble(t, "two at once, one of them panics", func(t *testing.T) {
		e := newMeasuredEngine(t)
		go e.call(t, "k", "one", idempotency.Record)
		go func() {
			defer func() { _ = recover() }()
			_, _ = e.operation.Run(t.Context(), idempotency.Call{Key: "l"},
				func(context.Context) idempotency.Answer { time.Sleep(second / 2); panic("boom") })
		}()
		for _, running := range []string{"2", "1", "0"} {
			time.Sleep(second * 9 / 20)
			lines := e.lines(t)
			if got := lines[indexOf(lines, "claims.running")]; got != "claims.running"+on("")+" "+running {
				t.Errorf("got %s, want %s running", got, running)
			}
		}
	})
}

func TestFailuresOfTheStore(t *testing.T) {
	down := backendtest.Fault{Err: errDown}
	bubble(t, "store down", func(t *testing.T) {
		e := newMeasuredEngine(t)
		e.fails(backendtest.OpClaim, down)
		e.call(t, "k", "one", idempotency.Record)
		e.fails(backendtest.OpClaim, backendtest.Fault{Hang: true})
		e.call(t, "l", "one", idempotency.Record)
		e.measured(t,
			"calls"+on("error.type=store_unavailable outcome=refused")+" 2",
			"store.errors"+on("error.type=_OTHER store.step=claim")+" 1",
			"store.errors"+on("error.type=timeout store.step=claim")+" 1",
			"store.duration"+on("error.type=_OTHER store.step=claim")+" 1 0",
			"store.duration"+on("error.type=timeout store.step=claim")+" 1 5",
		)
	})
	bubble(t, "failed open", func(t *testing.T) {
		e := newMeasuredEngine(t, idempotency.WithFailOpen())
		e.fails(backendtest.OpClaim, down)
		e.call(t, "k", "one", idempotency.Record)
		e.measured(t,
			"calls"+on("outcome=failed_open")+" 1",
			"store.errors"+on("error.type=_OTHER store.step=claim")+" 1",
			"store.duration"+on("error.type=_OTHER store.step=claim")+" 1 0",
		)
	})
	bubble(t, "lease lost", func(t *testing.T) {
		e := newMeasuredEngine(t)
		e.fails(backendtest.OpComplete, backendtest.Fault{Err: backend.ErrClaimLost})
		e.call(t, "k", "one", idempotency.Record)
		e.measured(t, ran("claims.ended"+on("claim.end=lease_lost retried=false")+" 1")...)
	})
	failed := []string{
		"store.errors" + on("error.type=_OTHER store.step=finish") + " 1",
		"store.duration" + on("error.type=_OTHER store.step=finish") + " 1 0",
	}
	bubble(t, "recording retried", func(t *testing.T) {
		e := newMeasuredEngine(t)
		e.fails(backendtest.OpComplete, down)
		e.call(t, "k", "one", idempotency.Record)
		e.fails("", backendtest.Fault{})
		time.Sleep(time.Minute)
		e.measured(t, ran(append(failed, "claims.ended"+on("claim.end=recorded retried=true")+" 1")...)...)
	})
	bubble(t, "recording dropped", func(t *testing.T) {
		e := newMeasuredEngine(t, idempotency.WithLimits(idempotency.Limits{Retries: -1}))
		e.fails(backendtest.OpComplete, down)
		e.call(t, "k", "one", idempotency.Record)
		e.measured(t, ran(append(failed, "claims.ended"+on("claim.end=finish_dropped retried=false")+" 1")...)...)
	})
}

// ran returns the data points of one handler that ran, and the given ones.
func ran(more ...string) []string {
	return append(more,
		"calls"+on("outcome=claimed")+" 1",
		"claims.running"+on("")+" 0",
		"handler.duration"+on("")+" 1 1",
		"store.duration"+on("store.step=claim")+" 1 0.002",
	)
}

func TestSpanOfACallThatWasTakenOver(t *testing.T) {
	e := newMeasuredEngine(t)
	call := idempotency.Call{Key: "order-4711-of-jane-doe"}
	_, _ = e.operation.Run(t.Context(), call, func(context.Context) idempotency.Answer { return idempotency.Answer{} })
	span := traced(t, func(ctx context.Context) { _, _ = e.operation.Run(ctx, call, recording("paid")) })
	equal(t, "events", len(span.Events), 1)
	lines := spanLines(span)
	for _, want := range []string{"idempotency.attempt=2", "idempotency.outcome=taken_over", "event idempotency.taken_over"} {
		if indexOf(lines, want) < 0 {
			t.Errorf("no %q in %q", want, lines)
		}
	}
	if indexOf(lines, "idempotency.key_digest=") < 0 || len(lines[indexOf(lines, "idempotency.key_digest=")]) != len("idempotency.key_digest=")+12 {
		t.Errorf("no short digest in %q", lines)
	}
}
