package idempotency_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

var reject = all(idempotency.Policy{OnAbandoned: idempotency.Reject})

// panics runs a call whose handler panics, and returns what came out.
func panics(tb testing.TB, engine *idempotency.Engine, call request, value any) (out any) {
	tb.Helper()
	defer func() { out = recover() }()
	_, err := run(tb.Context(), engine, call, func(context.Context) idempotency.Answer { panic(value) })
	tb.Errorf("Run returned %v, want a panic", err)
	return nil
}

func TestPanicGoesOnUnchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		cause := errors.New("boom")
		for i, value := range []any{cause, "boom", 42, &worker{}} {
			if out := panics(t, engine, payment(string(rune('a'+i))), value); out != value {
				t.Errorf("got %v, want the very value %v", out, value)
			}
		}
	})
}

func TestPanicIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		panics(t, engine, payment("k"), "boom")
		_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			execution, _ := idempotency.FromContext(ctx)
			equal(t, "attempt", execution.Attempt, 2)
			equal(t, "recovered", execution.Recovered, true)
			return recording("paid").answer
		})
		ok(t, err)
		equal(t, "attempt", replays(t, engine, payment("k"), "paid").Attempt, 2)
	})
}

func TestGoexitAbandons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		left := make(chan bool)
		go func() {
			returned := false
			defer func() { left <- returned }()
			_, _ = run(t.Context(), engine, payment("k"), func(context.Context) idempotency.Answer {
				runtime.Goexit()
				return recording("never").answer
			})
			returned = true
		}()
		equal(t, "Run returned", <-left, false)
		starts(t, engine, payment("k"), recording("paid"), 2)
	})
}

func TestAttemptsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		for attempt := 1; attempt <= 5; attempt++ {
			starts(t, engine, payment("k"), abandoning(), attempt)
		}
		starts(t, engine, payment("k"), recording("paid"), 6)
	})
}

// TestReleasedTakeoverStaysRecovered: what the first attempt did is as unknown
// as before, though the second did nothing.
func TestReleasedTakeoverStaysRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		starts(t, engine, payment("k"), abandoning(), 1)
		starts(t, engine, payment("k"), releasing(), 2)
		starts(t, engine, payment("k"), recording("paid"), 3)
	})
}

// TestRejectStartsAtMostOnce leaves the handler in every way there is.
func TestRejectStartsAtMostOnce(t *testing.T) {
	ways := map[string]func(testing.TB, *idempotency.Engine){
		"abandon": func(tb testing.TB, engine *idempotency.Engine) {
			tb.Helper()
			starts(tb, engine, payment("k"), abandoning(), 1)
		},
		"panic": func(tb testing.TB, engine *idempotency.Engine) {
			tb.Helper()
			panics(tb, engine, payment("k"), "boom")
		},
		"goexit": func(tb testing.TB, engine *idempotency.Engine) {
			tb.Helper()
			left := make(chan struct{})
			go func() {
				defer close(left)
				_, _ = run(tb.Context(), engine, payment("k"), func(context.Context) idempotency.Answer {
					runtime.Goexit()
					return idempotency.Answer{}
				})
			}()
			<-left
		},
	}
	for name, leave := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := newEngine(t, openStore(t), reject)
				leave(t, engine)
				for range 3 {
					refusal := refusalOf(t, engine, payment("k"), idempotency.ErrOutcomeUnknown)
					equal(t, "retry after", refusal.RetryAfter, 0)
					time.Sleep(lease)
				}
			})
		})
	}
}

func TestRejectAllowsWhatWasReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), reject)
		starts(t, engine, payment("k"), releasing(), 1)
		starts(t, engine, payment("k"), recording("paid"), 1)
	})
}

func TestOneTakeoverWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		crash(t, store, payment("k"))
		time.Sleep(lease)
		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Minute}))
		var runs atomic.Int32
		for range 50 {
			go func() {
				result, err := run(t.Context(), engine, payment("k"), func(context.Context) idempotency.Answer {
					runs.Add(1)
					time.Sleep(time.Second)
					return recording("paid").answer
				})
				ok(t, err)
				equal(t, "outcome", string(result.Outcome), "paid")
				equal(t, "attempt", result.Attempt, 2)
			}()
		}
		time.Sleep(time.Minute)
		equal(t, "runs", runs.Load(), 1)
	})
}

// snatched is a store on which other calls take an expired claim over first, and
// let it expire again, a number of times.
type snatched struct {
	*memstore.Store

	times int
}

func (s *snatched) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	if claim.Replaces == (backend.Token{}) || s.times == 0 {
		return s.Store.Claim(ctx, key, claim)
	}
	s.times--
	other := claim
	other.Token[0]++
	record, err := s.Store.Claim(ctx, key, other)
	if err == nil {
		err = s.Extend(ctx, key, other.Token, 0, claim.Retention)
	}
	record.LeaseLeft = 0
	return record, err
}

// TestTakeoverLostSeveralTimes in one call is tried again each time, for the
// claim that is there by then, and given up at some time.
func TestTakeoverLostSeveralTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &snatched{Store: openStore(t), times: 7}
		engine := newEngine(t, store)
		starts(t, engine, payment("k"), abandoning(), 1)
		starts(t, engine, payment("k"), recording("paid"), 9)
		starts(t, engine, payment("endless"), abandoning(), 1)
		store.times = -1
		refused(t, engine, payment("endless"), idempotency.ErrInProgress)
	})
}
