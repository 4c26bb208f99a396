package idempotency_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// TestTheRecordDecides goes through the table of the package documentation.
func TestTheRecordDecides(t *testing.T) {
	const runs, replay = "runs", "replay"
	reject := all(idempotency.Policy{OnAbandoned: idempotency.Reject})
	type situation struct {
		name    string
		options []idempotency.Option
		stands  func(*testing.T, *memstore.Store, *idempotency.Engine)
		gets    any // runs, replay or an error
		attempt int
		waits   time.Duration // what a refusal tells the client
	}
	same, other := payload("k", "same"), payload("k", "other")
	done := func(t *testing.T, _ *memstore.Store, engine *idempotency.Engine) {
		t.Helper()

		starts(t, engine, same, recording("first"), 1)
	}
	doneByOther := func(t *testing.T, _ *memstore.Store, engine *idempotency.Engine) {
		t.Helper()

		starts(t, engine, other, recording("first"), 1)
	}
	running := func(call request) func(*testing.T, *memstore.Store, *idempotency.Engine) {
		return func(t *testing.T, store *memstore.Store, _ *idempotency.Engine) {
			t.Helper()
			crash(t, store, call)
		}
	}
	expired := func(call request) func(*testing.T, *memstore.Store, *idempotency.Engine) {
		return func(t *testing.T, store *memstore.Store, _ *idempotency.Engine) {
			t.Helper()

			crash(t, store, call)
			time.Sleep(lease)
		}
	}
	notKept := func(call request) func(*testing.T, *memstore.Store, *idempotency.Engine) {
		return func(t *testing.T, _ *memstore.Store, engine *idempotency.Engine) {
			t.Helper()

			w := &worker{answer: idempotency.Answer{Verdict: idempotency.Record, NotKept: true}}
			starts(t, engine, call, w, 1)
		}
	}
	situations := []situation{
		{name: "absent", stands: func(*testing.T, *memstore.Store, *idempotency.Engine) {}, gets: runs, attempt: 1},
		{name: "running", stands: running(same), gets: idempotency.ErrInProgress, waits: time.Second},
		{
			name: "running, with a time of ours to retry", stands: running(same),
			options: []idempotency.Option{all(idempotency.Policy{RetryAfter: 7 * time.Second})},
			gets:    idempotency.ErrInProgress, waits: 7 * time.Second,
		},
		{name: "running for another request", stands: running(other), gets: idempotency.ErrKeyReused},
		{name: "expired", stands: expired(same), gets: runs, attempt: 2},
		{name: "expired, rejecting", options: []idempotency.Option{reject}, stands: expired(same), gets: idempotency.ErrOutcomeUnknown},
		{name: "expired for another request", stands: expired(other), gets: idempotency.ErrKeyReused},
		{name: "expired for another request, rejecting", options: []idempotency.Option{reject}, stands: expired(other), gets: idempotency.ErrKeyReused},
		{name: "done", stands: done, gets: replay, attempt: 1},
		{name: "done, rejecting", options: []idempotency.Option{reject}, stands: done, gets: replay, attempt: 1},
		{name: "done for another request", stands: doneByOther, gets: idempotency.ErrKeyReused},
		{name: "not kept", stands: notKept(same), gets: idempotency.ErrOutcomeNotKept},
		{name: "not kept of another request", stands: notKept(other), gets: idempotency.ErrKeyReused},
		{
			name: "done, retention over", gets: runs, attempt: 1,
			stands: func(t *testing.T, store *memstore.Store, engine *idempotency.Engine) {
				t.Helper()

				done(t, store, engine)
				time.Sleep(idempotency.DefaultRetention)
			},
		},
		{
			name: "done, just retained", gets: replay, attempt: 1,
			stands: func(t *testing.T, store *memstore.Store, engine *idempotency.Engine) {
				t.Helper()

				done(t, store, engine)
				time.Sleep(idempotency.DefaultRetention - 1)
			},
		},
		{
			name: "expired, retention over", options: []idempotency.Option{reject}, gets: runs, attempt: 1,
			stands: func(t *testing.T, store *memstore.Store, _ *idempotency.Engine) {
				t.Helper()

				crash(t, store, same)
				time.Sleep(lease + idempotency.DefaultRetention)
			},
		},
	}
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := openStore(t)
				engine := newEngine(t, store, s.options...)
				s.stands(t, store, engine)
				switch gets := s.gets.(type) {
				case error:
					refusal := refusalOf(t, engine, same, gets)
					equal(t, "retry after", refusal.RetryAfter, s.waits)
				case string:
					if gets == runs {
						starts(t, engine, same, recording("mine"), s.attempt)
						return
					}
					result := replays(t, engine, same, "first")
					equal(t, "attempt", result.Attempt, s.attempt)
				}
			})
		})
	}
}

func TestForeverIsNeverOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), all(idempotency.Policy{Retention: idempotency.Forever}))
		starts(t, engine, payment("k"), recording("first"), 1)
		time.Sleep(100 * 365 * 24 * time.Hour)
		replays(t, engine, payment("k"), "first")
	})
}

func TestUnlikeOperationsNeverMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		for _, name := range []string{"POST /a", "POST /b", "post /a", "POST /a ", ""} {
			starts(t, engine, request{idempotency.Call{Key: "k"}, name}, recording(name), 1)
		}
	})
}
