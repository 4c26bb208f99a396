package idempotency_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
)

// TestWaitersAreBounded for one key, and for all of them together.
func TestWaitersAreBounded(t *testing.T) {
	for name, test := range map[string]struct {
		perKey, total int
		waiting       []string // the keys of those who may wait
		refused       string   // the key of one more
	}{
		"of one key": {2, 100, []string{"a", "a"}, "a"},
		"in all":     {100, 3, []string{"a", "a", "b"}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := newEngine(t, openStore(t), all(idempotency.Policy{Wait: time.Minute}), idempotency.WithLimits(idempotency.Limits{WaitersPerKey: test.perKey, Waiters: test.total}))
				running := map[string]*held{"a": hold(t, engine, payment("a")), "b": hold(t, engine, payment("b"))}
				for _, key := range test.waiting {
					go replays(t, engine, payment(key), "paid")
				}
				synctest.Wait()
				start := time.Now()
				refused(t, engine, payment(test.refused), idempotency.ErrInProgress)
				took(t, start, 0)
				for _, each := range running {
					each.end(recording("paid").answer)
				}
				synctest.Wait()
				// Who has waited counts no longer.
				again := hold(t, engine, payment("c"))
				for range test.waiting[:2] {
					go replays(t, engine, payment("c"), "paid")
				}
				synctest.Wait()
				again.end(recording("paid").answer)
				synctest.Wait()
			})
		})
	}
}

// TestRunningCallIsNoWaiter though it waited for its turn.
func TestRunningCallIsNoWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), all(idempotency.Policy{Wait: time.Minute}), idempotency.WithLimits(idempotency.Limits{WaitersPerKey: 1, Waiters: 1}))
		first := hold(t, engine, payment("k"))
		second := make(chan *held)
		go func() { second <- holdLater(t, engine, payment("k")) }()
		synctest.Wait()
		first.end(releasing().answer)
		running := <-second
		go replays(t, engine, payment("k"), "paid")
		synctest.Wait()
		running.end(recording("paid").answer)
		synctest.Wait()
	})
}
