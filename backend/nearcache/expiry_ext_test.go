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

// TestExpiresWithTheStore looks just before the store's expiry and just then.
func TestExpiresWithTheStore(t *testing.T) {
	for name, own := range map[string]bool{"Own": true, "Other": false} {
		inBubble(t, name, func(t *testing.T) {
			behind := newFar(t)
			here := opened(t, behind)
			end := time.Now().Add(time.Hour)
			if own {
				finish(t, here, 0, kept("paid", time.Hour))
			} else {
				finish(t, behind.memory.Load(), 0, kept("paid", time.Hour))
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

// TestSlowCompletion has the reply take long: the retention began before it.
func TestSlowCompletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		store := opened(t, behind)
		behind.after = only("Complete", func() error { time.Sleep(time.Minute); return nil })
		start := time.Now()
		finish(t, store, 0, kept("paid", 2*time.Minute))
		replays(t, store, 0, "paid")
		behind.reached(t, 1, 0)
		until(start.Add(2 * time.Minute))
		gone(t, store, 0)
	})
}

// TestCompletionSlowerThanItsRetention is over when its reply arrives.
func TestCompletionSlowerThanItsRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		store := opened(t, behind)
		behind.after = only("Complete", func() error { time.Sleep(time.Minute); return nil })
		finish(t, store, 0, kept("paid", time.Minute))
		if store.Len() != 0 {
			t.Error("an outcome is kept that has expired")
		}
		gone(t, store, 0)
	})
}

// TestSlowQuestion has the answer take long: what was left has shrunk by then.
func TestSlowQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, behind), behind.memory.Load()
		start := time.Now()
		finish(t, there, 0, kept("paid", time.Second))
		behind.after = only("Left", func() error { time.Sleep(90 * time.Millisecond); return nil })
		replays(t, here, 0, "paid")
		until(start.Add(time.Second))
		gone(t, here, 0)
	})
}

// TestHangingQuestion does not hold up the replay that is in hand for long.
func TestHangingQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, hanging{behind}), behind.memory.Load()
		finish(t, there, 0, kept("paid", time.Hour))
		start := time.Now()
		replays(t, here, 0, "paid")
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("the replay took %v", took)
		}
	})
}

// hanging is a store that answers no question.
type hanging struct{ *far }

func (hanging) RetentionLeft(ctx context.Context, _ backend.Key, _ backend.Token) (time.Duration, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, behind), behind.memory.Load()
		finish(t, here, 0, kept("own", backend.Forever))
		finish(t, there, 1, kept("other", backend.Forever))
		replays(t, here, 1, "other")
		time.Sleep(4 * time.Hour)
		for range 3 {
			replays(t, here, 0, "own")
			replays(t, here, 1, "other")
		}
		behind.reached(t, 2, 1)
	})
}

// TestAgreesWithTheStore has two near caches and the bare store looked at, at
// random times around random expiries, while every step takes a random time.
// Nothing that the store has forgotten may be served, nor anything else.
func TestAgreesWithTheStore(t *testing.T) {
	const records, span = 300, 10 * time.Second
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		late := func(string) error { time.Sleep(rand.N(20 * time.Millisecond)); return nil }
		behind.before, behind.after = late, late
		here, there := opened(t, behind), opened(t, behind)
		for n := range records {
			finish(t, here, n, kept("paid", span/2+rand.N(span)))
		}
		for end := time.Now().Add(2 * span); time.Now().Before(end); {
			n := rand.IntN(records)
			for _, store := range []backend.Store{here, there} {
				before, err := behind.memory.Load().RetentionLeft(t.Context(), key(n), claimed(n).Token)
				rec, claimErr := store.Claim(t.Context(), key(n), stranger())
				ok(t, claimErr)
				served := rec.Token == claimed(n).Token
				if served && err != nil {
					t.Fatalf("served a record that had expired when it was asked for: %v left", before)
				}
				if !served {
					ok(t, store.Release(t.Context(), key(n), stranger().Token))
				}
			}
		}
	})
}

// TestFreesWhatExpires asks for nothing again.
func TestFreesWhatExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := opened(t, newFar(t))
		for n := range 1000 {
			finish(t, store, n, kept("paid", rand.N(time.Minute)))
		}
		c := claimed(1000)
		c.Lease, c.Retention = time.Second, time.Second
		_, err := store.Claim(t.Context(), key(1000), c)
		ok(t, err)
		time.Sleep(time.Minute + 5*time.Second)
		synctest.Wait()
		if store.Len() != 0 || store.Bytes() != 0 {
			t.Errorf("%d entries of %d bytes are kept, want none", store.Len(), store.Bytes())
		}
	})
}
