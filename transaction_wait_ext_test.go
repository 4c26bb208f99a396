package idempotency_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/txtest"
)

// eachTransactor runs a test with a store that reports the end of a transaction, and
// with one that has to be polled.
func eachTransactor(t *testing.T, policy idempotency.Policy, test func(b *bank, slack time.Duration)) {
	t.Helper()
	for name, polled := range map[string]bool{"told": false, "polled": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := txtest.New()
				t.Cleanup(func() { _ = store.Close() })
				if !polled {
					test(newBankOn(t, store, store, policy), 0)
					return
				}
				quiet := struct {
					backend.Store
					backend.Transactor
				}{store, store}
				test(newBankOn(t, store, quiet, policy), 750*time.Millisecond)
			})
		})
	}
}

func TestDuplicateOfAnOpenTransactionIsRefused(t *testing.T) {
	eachTransactor(t, idempotency.Policy{RetryAfter: 2 * time.Second}, func(b *bank, _ time.Duration) {
		open := hold(b, b.engine, payment("k"))
		start := time.Now()
		refusal := refusalOf(b, b.engine, payment("k"), idempotency.ErrInProgress)
		took(b, start, 0)
		equal(b, "retry after", refusal.RetryAfter, 2*time.Second)
		// What the open call is for cannot be known.
		refused(b, b.engine, payload("k", "another request"), idempotency.ErrInProgress)
		open.end(recorded("paid"))
		replays(b, b.engine, payment("k"), "paid")
	})
}

func TestDuplicateWaitsForTheCommit(t *testing.T) {
	eachTransactor(t, idempotency.Policy{Wait: time.Minute}, func(b *bank, slack time.Duration) {
		open := hold(b, b.engine, payment("k"))
		start := time.Now()
		done := make(chan idempotency.Result)
		for range 3 {
			go func() { done <- replays(b, b.engine, payment("k"), "paid") }()
		}
		time.Sleep(10 * time.Second)
		open.end(recorded("paid"))
		for range 3 {
			result := <-done
			tookAbout(b, start, 10*time.Second, slack)
			if result.Waited < 10*time.Second || result.Waited > 10*time.Second+slack {
				b.Errorf("waited %v", result.Waited)
			}
		}
	})
}

// TestOneWaiterRunsAfterARollback, and the others get its answer.
func TestOneWaiterRunsAfterARollback(t *testing.T) {
	eachTransactor(t, idempotency.Policy{Wait: time.Minute}, func(b *bank, _ time.Duration) {
		open := hold(b, b.engine, payment("k"))
		var ran atomic.Int32
		done := make(chan idempotency.Result)
		for range 5 {
			go func() {
				result, err := run(b.Context(), b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
					ran.Add(1)
					time.Sleep(time.Second)
					return b.pays("payment", recorded("paid"))(ctx)
				})
				ok(b, err)
				done <- result
			}()
		}
		time.Sleep(time.Second)
		open.end(idempotency.Answer{Verdict: idempotency.Release})
		for range 5 {
			equal(b, "answer", string((<-done).Outcome), "paid")
		}
		equal(b, "runs", ran.Load(), 1)
		b.wrote("payment")
	})
}

func TestWaitForATransactionIsBounded(t *testing.T) {
	eachTransactor(t, idempotency.Policy{Wait: time.Minute}, func(b *bank, _ time.Duration) {
		open := hold(b, b.engine, payment("k"))
		start := time.Now()
		refused(b, b.engine, payment("k"), idempotency.ErrInProgress)
		took(b, start, time.Minute)

		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		start = time.Now()
		_, err := run(ctx, b.engine, payment("k"), recording("ran").run)
		took(b, start, time.Second)
		want(b, err, idempotency.ErrInProgress)
		open.end(recorded("paid"))
	})
}

func TestWaiterLearnsOfAReusedKey(t *testing.T) {
	eachTransactor(t, idempotency.Policy{Wait: time.Minute}, func(b *bank, _ time.Duration) {
		open := hold(b, b.engine, payload("k", "one"))
		done := make(chan struct{})
		go func() {
			defer close(done)
			refused(b, b.engine, payload("k", "two"), idempotency.ErrKeyReused)
		}()
		time.Sleep(time.Second)
		open.end(recorded("paid"))
		<-done
	})
}

// TestWaitersForTransactionsAreBounded like those for leases.
func TestWaitersForTransactionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, idempotency.Policy{Wait: time.Minute}, idempotency.WithLimits(idempotency.Limits{WaitersPerKey: 1}))
		open := hold(t, b.engine, payment("k"))
		go replays(t, b.engine, payment("k"), "paid")
		synctest.Wait()
		start := time.Now()
		refused(t, b.engine, payment("k"), idempotency.ErrInProgress)
		took(t, start, 0)
		open.end(recorded("paid"))
		synctest.Wait()
	})
}

// TestWaitForALeaseInTransactionMode, while a service changes to transactions.
func TestWaitForALeaseInTransactionMode(t *testing.T) {
	eachTransactor(t, idempotency.Policy{Wait: time.Hour}, func(b *bank, slack time.Duration) {
		leased := hold(b, newEngine(b, b.store), payment("k"))
		start := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			replays(b, b.engine, payment("k"), "paid")
		}()
		time.Sleep(3 * lease)
		leased.end(recorded("paid"))
		<-done
		tookAbout(b, start, 3*lease, slack)
	})
}
