package nearcache_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// until sleeps until the given time.
func until(at time.Time) { time.Sleep(time.Until(at)) }

// TestExpiresWithTheStore claims just before and at the expiry in the store.
func TestExpiresWithTheStore(t *testing.T) {
	for name, own := range map[string]bool{"Own": true, "Other": false} {
		inBubble(t, name, func(t *testing.T) {
			behind := newFar(t)
			here := opened(t, behind)
			end := time.Now().Add(time.Hour)
			if own {
				finish(t, here, 0, outcome("paid", time.Hour))
			} else {
				finish(t, behind.memory.Load(), 0, outcome("paid", time.Hour))
			}
			until(end.Add(-30 * time.Minute))
			replays(t, here, 0, "paid")
			reached := behind.claims.Load()
			until(end.Add(-time.Hour/1000 - 1))
			replays(t, here, 0, "paid")
			if n := behind.claims.Load() - reached; n != 0 {
				t.Errorf("%d claims reached the store before the time was over", n)
			}
			until(end.Add(-1))
			replays(t, here, 0, "paid")
			until(end)
			gone(t, here, 0)
		})
	}
}

// TestSlowCompletion delays the reply: the retention started before it.
func TestSlowCompletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		store := opened(t, behind)
		behind.after = only("Complete", func() error { time.Sleep(time.Minute); return nil })
		start := time.Now()
		finish(t, store, 0, outcome("paid", 2*time.Minute))
		replays(t, store, 0, "paid")
		behind.reached(t, 1, 0)
		until(start.Add(2 * time.Minute))
		gone(t, store, 0)
	})
}

// TestCompletionSlowerThanItsRetention: the record has expired when the reply
// arrives.
func TestCompletionSlowerThanItsRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		store := opened(t, behind)
		behind.after = only("Complete", func() error { time.Sleep(time.Minute); return nil })
		finish(t, store, 0, outcome("paid", time.Minute))
		if store.Len() != 0 {
			t.Error("an expired outcome is cached")
		}
		gone(t, store, 0)
	})
}

// TestSlowRetentionLeft delays the reply: less of the retention is left when it
// arrives.
func TestSlowRetentionLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, behind), behind.memory.Load()
		start := time.Now()
		finish(t, there, 0, outcome("paid", time.Second))
		behind.after = only("RetentionLeft", func() error { time.Sleep(90 * time.Millisecond); return nil })
		replays(t, here, 0, "paid")
		until(start.Add(time.Second))
		gone(t, here, 0)
	})
}

// TestHangingRetentionLeft: a replay is not delayed for long.
func TestHangingRetentionLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, hanging{behind}), behind.memory.Load()
		finish(t, there, 0, outcome("paid", time.Hour))
		start := time.Now()
		replays(t, here, 0, "paid")
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("the replay took %v", took)
		}
	})
}

// hanging is a store whose RetentionLeft never returns a result.
type hanging struct{ *far }

func (hanging) RetentionLeft(ctx context.Context, _ backend.Key, _ backend.Token) (time.Duration, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, behind), behind.memory.Load()
		finish(t, here, 0, outcome("own", backend.Forever))
		finish(t, there, 1, outcome("other", backend.Forever))
		replays(t, here, 1, "other")
		time.Sleep(4 * time.Hour)
		for range 3 {
			replays(t, here, 0, "own")
			replays(t, here, 1, "other")
		}
		behind.reached(t, 2, 1)
	})
}

// TestAgreesWithTheStore compares two near caches with the store at random times
// around random expiries, while every step takes a random time. A near cache must
// not return a record that has expired in the store, nor a wrong one.
func TestAgreesWithTheStore(t *testing.T) {
	const records, span = 300, 10 * time.Second
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		late := func(string) error { time.Sleep(rand.N(20 * time.Millisecond)); return nil }
		behind.before, behind.after = late, late
		here, there := opened(t, behind), opened(t, behind)
		for n := range records {
			finish(t, here, n, outcome("paid", span/2+rand.N(span)))
		}
		for end := time.Now().Add(2 * span); time.Now().Before(end); {
			n := rand.IntN(records)
			for _, store := range []backend.Store{here, there} {
				before, err := behind.memory.Load().RetentionLeft(t.Context(), key(n), claimed(n).Token)
				rec, claimErr := store.Claim(t.Context(), key(n), stranger())
				ok(t, claimErr)
				served := rec.Token == claimed(n).Token
				if served && err != nil {
					t.Fatalf("returned a record that had expired before the claim: %v left", before)
				}
				if !served {
					ok(t, store.Release(t.Context(), key(n), stranger().Token))
				}
			}
		}
	})
}

// TestFreesWhatExpires makes no further calls for the expired keys.
func TestFreesWhatExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := opened(t, newFar(t))
		for n := range 1000 {
			finish(t, store, n, outcome("paid", rand.N(time.Minute)))
		}
		c := claimed(1000)
		c.Lease, c.Retention = time.Second, time.Second
		_, err := store.Claim(t.Context(), key(1000), c)
		ok(t, err)
		time.Sleep(time.Minute + 5*time.Second)
		synctest.Wait()
		if store.Len() != 0 || store.Bytes() != 0 {
			t.Errorf("%d entries of %d bytes are cached, want none", store.Len(), store.Bytes())
		}
	})
}
