package memstore_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// waits runs the script on a claim with a lease of one minute while 10 callers
// wait for it, and requires that all of them return the error after d.
func waits(t *testing.T, d time.Duration, target error, script func(t *testing.T, store *memstore.Store, c backend.Claim)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store, c := opened(t), claimed(0)
		c.Lease = time.Minute
		win(t, store, 0, c)
		start := time.Now()
		for range 10 {
			go func() {
				want(t, store.Wait(t.Context(), key(0), c.Token), target)
				if past := time.Since(start); past != d {
					t.Errorf("Wait returned after %v, want %v", past, d)
				}
			}()
		}
		synctest.Wait()
		script(t, store, c)
		time.Sleep(d + time.Hour)
	})
}

func TestWaitEndsWithCompletion(t *testing.T) {
	waits(t, time.Second, nil, func(t *testing.T, store *memstore.Store, c backend.Claim) {
		t.Helper()
		time.Sleep(time.Second)
		ok(t, store.Complete(t.Context(), key(0), c.Token, backend.Outcome{Retention: time.Hour}))
	})
}

func TestWaitEndsWithRelease(t *testing.T) {
	waits(t, time.Second, nil, func(t *testing.T, store *memstore.Store, c backend.Claim) {
		t.Helper()
		time.Sleep(time.Second)
		ok(t, store.Release(t.Context(), key(0), c.Token))
	})
}

func TestWaitEndsWithTheLease(t *testing.T) {
	waits(t, time.Minute, nil, func(*testing.T, *memstore.Store, backend.Claim) {})
}

func TestWaitOutlastsAHeartbeat(t *testing.T) {
	waits(t, 90*time.Second, nil, func(t *testing.T, store *memstore.Store, c backend.Claim) {
		t.Helper()
		time.Sleep(30 * time.Second)
		ok(t, store.Extend(t.Context(), key(0), c.Token, time.Minute, time.Hour))
	})
}

func TestWaitEndsWithAShortenedLease(t *testing.T) {
	waits(t, 3*time.Second, nil, func(t *testing.T, store *memstore.Store, c backend.Claim) {
		t.Helper()
		time.Sleep(time.Second)
		ok(t, store.Extend(t.Context(), key(0), c.Token, 2*time.Second, time.Hour))
	})
}

func TestWaitEndsWithTheStore(t *testing.T) {
	waits(t, time.Second, backend.ErrClosed, func(t *testing.T, store *memstore.Store, _ backend.Claim) {
		t.Helper()
		time.Sleep(time.Second)
		ok(t, store.Close())
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := opened(t)
		win(t, store, 0, claimed(0))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		want(t, store.Wait(ctx, key(0), claimed(0).Token), context.DeadlineExceeded)
		if past := time.Since(start); past != time.Second {
			t.Errorf("Wait returned after %v, want 1s", past)
		}
	})
}
