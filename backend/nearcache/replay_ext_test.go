package nearcache_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var errLost = errors.New("reply lost")

// only returns a hook that runs do for one kind of call.
func only(name string, do func() error) func(string) error {
	return func(call string) error {
		if call != name {
			return nil
		}
		return do()
	}
}

func TestOwnOutcomeNeedsNoRoundTrip(t *testing.T) {
	behind := newFar(t)
	store := opened(t, behind)
	finish(t, store, 0, outcome("paid", time.Hour))
	for range 3 {
		replays(t, store, 0, "paid")
	}
	behind.reached(t, 1, 0)
}

// TestEveryOwnOutcomeIsCached uses one key again each time it has expired.
func TestEveryOwnOutcomeIsCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		store := opened(t, behind)
		for range 3 {
			finish(t, store, 0, outcome("paid", time.Minute))
			replays(t, store, 0, "paid")
			time.Sleep(time.Minute)
		}
		behind.reached(t, 3, 0)
	})
}

func TestOutcomeOfAnotherProcessIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, behind), behind.memory.Load()
		finish(t, there, 0, outcome("paid", time.Hour))
		for range 3 {
			replays(t, here, 0, "paid")
		}
		behind.reached(t, 1, 1)
	})
}

func TestOutcomeNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, behind), behind.memory.Load()
		finish(t, here, 0, backend.Outcome{NotKept: true, Retention: time.Hour})
		finish(t, there, 1, backend.Outcome{NotKept: true, Retention: time.Hour})
		for range 3 {
			for n := range 2 {
				rec, err := here.Claim(t.Context(), key(n), stranger())
				ok(t, err)
				if rec.State != backend.NotKept || rec.Token != claimed(n).Token {
					t.Errorf("got record %+v, want the claim's, not kept", rec)
				}
			}
		}
		behind.reached(t, 2, 1)
	})
}

func TestOwnOutcomeOfATakeover(t *testing.T) {
	behind := newFar(t)
	here, there := opened(t, behind), behind.memory.Load()
	win(t, there, 0)
	ok(t, there.Extend(t.Context(), key(0), claimed(0).Token, 0, time.Hour))
	c := claimed(1)
	c.Replaces, c.Attempt = claimed(0).Token, 2
	_, err := here.Claim(t.Context(), key(0), c)
	ok(t, err)
	ok(t, here.Complete(t.Context(), key(0), c.Token, outcome("paid", time.Hour)))
	rec, err := here.Claim(t.Context(), key(0), stranger())
	ok(t, err)
	if rec.Attempt != 2 || rec.Token != c.Token || rec.Fingerprint != c.Fingerprint {
		t.Errorf("got record %+v, want the second attempt's", rec)
	}
	behind.reached(t, 1, 0)
}

func TestStoreWithoutRemaining(t *testing.T) {
	behind := newFar(t)
	here, there := opened(t, plain{behind}), behind.memory.Load()
	finish(t, here, 0, outcome("own", time.Hour))
	finish(t, there, 1, outcome("other", time.Hour))
	for range 3 {
		replays(t, here, 0, "own")
		replays(t, here, 1, "other")
	}
	behind.reached(t, 1+3, 0)
}

func TestRunningIsNeverReturnedFromTheCache(t *testing.T) {
	behind := newFar(t)
	store := opened(t, behind)
	win(t, store, 0)
	for range 3 {
		rec, err := store.Claim(t.Context(), key(0), stranger())
		ok(t, err)
		if rec.State != backend.Running || rec.Token != claimed(0).Token {
			t.Errorf("got record %+v, want the running one", rec)
		}
	}
	behind.reached(t, 4, 0)
}

// TestRetentionLeftFails: the replay succeeds, and the record is not cached.
func TestRetentionLeftFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, behind), behind.memory.Load()
		finish(t, there, 0, outcome("paid", time.Hour))
		behind.before = only("RetentionLeft", func() error { return errLost })
		replays(t, here, 0, "paid")
		replays(t, here, 0, "paid")
		behind.reached(t, 2, 2)
		behind.before = nil
		replays(t, here, 0, "paid")
		replays(t, here, 0, "paid")
		behind.reached(t, 3, 3)
	})
}

// TestConcurrentReplaysReadOnce: of many concurrent replays, one reads the
// remaining retention.
func TestConcurrentReplaysReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, behind), behind.memory.Load()
		finish(t, there, 0, outcome("paid", time.Hour))
		behind.before = func(string) error { time.Sleep(time.Millisecond); return nil }
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() {
				rec, err := here.Claim(t.Context(), key(0), stranger())
				if err != nil || string(rec.Outcome) != "paid" {
					t.Errorf("Claim: %+v, %v", rec, err)
				}
			})
		}
		callers.Wait()
		behind.reached(t, 100, 1)
	})
}
