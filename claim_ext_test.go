package idempotency_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

// failures are the ways in which a claim can fail.
var failures = map[string]backendtest.Fault{
	"down":    down,
	"lost":    lost,
	"hanging": hang,
	"full":    {Err: backend.ErrFull},
	"closed":  {Err: backend.ErrClosed},
}

func TestFailsClosed(t *testing.T) {
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &events{}
				store := newShaky(openStore(t)).on(backendtest.OpClaim, every(failure))
				engine := newEngine(t, store, idempotency.WithObserver(seen))
				start := time.Now()
				refusal := refusalOf(t, engine, payment("k"), idempotency.ErrStore)
				equal(t, "retry after", refusal.RetryAfter, time.Second)
				if failure.Hang {
					want(t, refusal, context.DeadlineExceeded)
					took(t, start, idempotency.DefaultStoreTimeout)
				} else {
					want(t, refusal, failure.Err)
				}
				equal(t, "store errors", len(seen.of(idempotency.EventStoreError)), 1)
				equal(t, "refusals", len(seen.of(idempotency.EventRefused)), 1)
			})
		})
	}
}

func TestClientsNeverSeeTheStoresText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, newShaky(openStore(t)).on(backendtest.OpClaim, every(down)))
		refusal := refusalOf(t, engine, payment("k"), idempotency.ErrStore)
		for _, text := range []string{refusal.Title(), refusal.Detail(), string(refusal.Next()), string(refusal.Reason)} {
			if strings.Contains(text, "redis") || text == "" {
				t.Errorf("a client reads %q", text)
			}
		}
		if !strings.Contains(refusal.Error(), errDown.Error()) {
			t.Errorf("the operator reads %q, without the cause", refusal.Error())
		}
	})
}

func TestFailsOpen(t *testing.T) {
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &events{}
				store := newShaky(openStore(t)).on(backendtest.OpClaim, every(failure))
				engine := newEngine(t, store, idempotency.WithFailOpen(), idempotency.WithObserver(seen))
				starts(t, engine, payment("k"), recording("unprotected"), 0)
				equal(t, "failed open", len(seen.of(idempotency.EventFailedOpen)), 1)
				equal(t, "completions", store.count(backendtest.OpComplete), 0)
			})
		})
	}
}

func TestFailedOpenHandlerIsUnguarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, newShaky(openStore(t)).on(backendtest.OpClaim, every(down)), idempotency.WithFailOpen())
		_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			_, guarded := idempotency.FromContext(ctx)
			equal(t, "guarded", guarded, false)
			return idempotency.Answer{}
		})
		ok(t, err)
	})
}

func TestUnreadableRecordNeverFailsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &events{}
		store := newShaky(openStore(t)).on(backendtest.OpClaim, every(backendtest.Fault{Err: backend.ErrCorrupt}))
		engine := newEngine(t, store, idempotency.WithFailOpen(), idempotency.WithObserver(seen))
		want(t, refusalOf(t, engine, payment("k"), idempotency.ErrOutcomeUnreadable), backend.ErrCorrupt)
		equal(t, "failed open", len(seen.of(idempotency.EventFailedOpen)), 0)
	})
}

// stateless is a store that answers with a record that means nothing.
type stateless struct{ *memstore.Store }

func (stateless) Claim(context.Context, backend.Key, backend.Claim) (backend.Record, error) {
	return backend.Record{State: 99}, nil
}

func TestUnknownStateIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, stateless{openStore(t)}, idempotency.WithFailOpen())
		want(t, refusalOf(t, engine, payment("k"), idempotency.ErrOutcomeUnreadable), backend.ErrCorrupt)
	})
}

// TestCallerGivesUpInTheClaim gets the context's own error, open or closed.
func TestCallerGivesUpInTheClaim(t *testing.T) {
	for name, options := range map[string][]idempotency.Option{
		"closed": nil, "open": {idempotency.WithFailOpen()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := newEngine(t, newShaky(openStore(t)).on(backendtest.OpClaim, every(hang)), options...)
				cancelled, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				hurried, stop := context.WithTimeout(t.Context(), time.Second)
				defer stop()
				for _, ctx := range []context.Context{cancelled, hurried} {
					w := recording("ran")
					_, err := run(ctx, engine, payment("k"), w.run)
					equal(t, "error is the context's own", err, ctx.Err())
					equal(t, "has an error", err != nil, true)
					equal(t, "runs", w.runs.Load(), 0)
				}
			})
		})
	}
}

func TestLostClaimIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := openStore(t)
		store := newShaky(inner).on(backendtest.OpClaim, first(1, lost)).on(backendtest.OpRelease, first(3, down))
		engine := newEngine(t, store)
		refusalOf(t, engine, payment("k"), idempotency.ErrStore)
		equal(t, "unconfirmed records", inner.Len(), 1)
		time.Sleep(2 * time.Second)
		equal(t, "unconfirmed records", inner.Len(), 0)
		starts(t, engine, payment("k"), recording("paid"), 1)
	})
}

func TestLostClaimOfAClientThatHungUpIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := openStore(t)
		ctx, cancel := context.WithCancel(t.Context())
		store := newShaky(inner).on(backendtest.OpClaim, func(int) backendtest.Fault {
			time.AfterFunc(0, cancel)
			return backendtest.Fault{Err: context.Canceled, Applied: true}
		})
		engine := newEngine(t, store)
		_, err := run(ctx, engine, payment("k"), recording("ran").run)
		if err == nil {
			t.Error("ran without a claim")
		}
		time.Sleep(time.Second)
		equal(t, "records left", inner.Len(), 0)
	})
}

// TestLostTakeoverIsRemembered keeps the first attempt in mind: its effects
// may be there, whatever became of the reply to the second claim.
func TestLostTakeoverIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t))
		engine := newEngine(t, store)
		starts(t, engine, payment("k"), abandoning(), 1)
		store.on(backendtest.OpClaim, func(n int) backendtest.Fault {
			if n == 2 { // the first finds the expired claim
				return lost
			}
			return backendtest.Fault{}
		})
		refused(t, engine, payment("k"), idempotency.ErrStore)
		time.Sleep(time.Second)
		starts(t, engine, payment("k"), recording("paid"), 3)
	})
}

func TestAnsweredClaimLeavesNothingBehind(t *testing.T) {
	for answer, refusal := range map[error]error{
		backend.ErrFull:    idempotency.ErrStore,
		backend.ErrClosed:  idempotency.ErrStore,
		backend.ErrCorrupt: idempotency.ErrOutcomeUnreadable,
	} {
		synctest.Test(t, func(t *testing.T) {
			store := newShaky(openStore(t)).on(backendtest.OpClaim, every(backendtest.Fault{Err: answer}))
			engine := newEngine(t, store)
			refused(t, engine, payment("k"), refusal)
			time.Sleep(time.Minute)
			equal(t, "releases", store.count(backendtest.OpRelease), 0)
		})
	}
}

// TestUnconfirmedClaimsLeaveRoomForRecordings fills the retries with unconfirmed claims:
// they get at most a quarter of the places.
func TestUnconfirmedClaimsLeaveRoomForRecordings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &events{}
		store := newShaky(openStore(t))
		engine := newEngine(t, store, idempotency.WithLimits(idempotency.Limits{Retries: 8, RetryWindow: time.Minute}), idempotency.WithObserver(seen))
		store.on(backendtest.OpClaim, every(down)).on(backendtest.OpRelease, every(hang))
		for range 20 {
			refused(t, engine, payment("unconfirmed"), idempotency.ErrStore)
		}
		time.Sleep(time.Second)
		equal(t, "releases under way", store.count(backendtest.OpRelease), 2)
		store.on(backendtest.OpClaim, nil).on(backendtest.OpComplete, first(6, down))
		for i := range 6 {
			starts(t, engine, payment(string(rune('a'+i))), recording("paid"), 1)
		}
		time.Sleep(time.Minute)
		equal(t, "recorded later", len(seen.of(idempotency.EventRecorded)), 6)
		equal(t, "dropped", len(seen.of(idempotency.EventFinishDropped)), 0)
	})
}

func TestStoreErrorNamesTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &events{}
		store := newShaky(openStore(t)).on(backendtest.OpClaim, every(down))
		engine := newEngine(t, store, idempotency.WithObserver(seen))
		refused(t, engine, payment("k"), idempotency.ErrStore)
		for _, event := range seen.of(idempotency.EventStoreError) {
			equal(t, "operation", event.Operation, operation)
			equal(t, "key is zero", event.Key == backend.Key{}, false)
			equal(t, "its error", errors.Is(event.Err, errDown), true)
		}
	})
}
