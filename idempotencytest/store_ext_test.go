package idempotencytest_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/idempotencytest"
)

// TestConformance: without faults, a store keeps every promise.
func TestConformance(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{
		Open: func(tb testing.TB) backend.Store {
			tb.Helper()
			return idempotencytest.NewStore(tb)
		},
		Held: func(_ testing.TB, store backend.Store) int { return store.(*idempotencytest.Store).Records() },
		Subtest: func(t *testing.T, name string, f func(t *testing.T)) {
			t.Helper()
			t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
		},
	})
}

var (
	key   = backend.Key{1}
	first = backend.Claim{Token: backend.Token{1}, Attempt: 1, Lease: time.Minute, Retention: time.Hour}
)

// claim claims the key and requires that the claim finds a record with the token,
// in the state and with so much of its lease left, less a second at most.
func claim(t *testing.T, store backend.Store, c backend.Claim, token backend.Token, state backend.State, left time.Duration) {
	t.Helper()
	rec, err := store.Claim(t.Context(), key, c)
	if err != nil || rec.Token != token || rec.State != state || rec.LeaseLeft > left || rec.LeaseLeft < left-time.Second {
		t.Errorf("got %+v, %v, want token %v, state %v and %v left", rec, err, token, state, left)
	}
}

func TestAdvanceEndsLeaseAndRetention(t *testing.T) {
	store := idempotencytest.NewStore(t)
	second := backend.Claim{Token: backend.Token{2}, Replaces: first.Token, Attempt: 2, Lease: time.Minute, Retention: time.Hour}
	claim(t, store, first, first.Token, backend.Running, time.Minute)
	store.Advance(20 * time.Second)
	store.Advance(-time.Hour) // changes nothing
	claim(t, store, second, first.Token, backend.Running, 40*time.Second)
	store.Advance(40 * time.Second)
	claim(t, store, second, second.Token, backend.Running, time.Minute)
	if err := store.Complete(t.Context(), key, second.Token, backend.Outcome{Retention: time.Hour}); err != nil {
		t.Fatal(err)
	}
	store.Advance(59 * time.Minute)
	claim(t, store, first, second.Token, backend.Done, 0)
	store.Advance(time.Minute)
	if n := store.Records(); n != 0 {
		t.Errorf("%d records after the retention, want none", n)
	}
}

func TestAdvanceNeverEndsForever(t *testing.T) {
	store := idempotencytest.NewStore(t)
	claim(t, store, first, first.Token, backend.Running, time.Minute)
	if err := store.Complete(t.Context(), key, first.Token, backend.Outcome{Retention: backend.Forever}); err != nil {
		t.Fatal(err)
	}
	other := first
	if _, err := store.Claim(t.Context(), backend.Key{2}, other); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		store.Advance(backend.Forever) // 146 years, and no more after that
		if n := store.Records(); n != 1 {
			t.Errorf("%d records, want the one that is retained forever", n)
		}
	}
	claim(t, store, first, first.Token, backend.Done, 0)
	other.Lease = backend.Forever
	rec, err := store.Claim(t.Context(), backend.Key{2}, other)
	if err != nil || rec.LeaseLeft < time.Hour {
		t.Errorf("got %+v, %v, want a claim in the far future", rec, err)
	}
}

// TestAdvanceWakesCallsThatWaitForALease, and only when the lease has ended.
func TestAdvanceWakesCallsThatWaitForALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := idempotencytest.NewStore(t)
		claim(t, store, first, first.Token, backend.Running, time.Minute)
		var ended atomic.Int32
		start := time.Now()
		for range 10 {
			go func() {
				if err := store.Wait(t.Context(), key, first.Token); err != nil {
					t.Error(err)
				}
				ended.Add(1)
			}()
		}
		synctest.Wait()
		store.Advance(30 * time.Second)
		synctest.Wait()
		if n := ended.Load(); n != 0 {
			t.Errorf("%d calls ended half a lease too early", n)
		}
		store.Advance(30 * time.Second)
		synctest.Wait()
		if n := ended.Load(); n != 10 || time.Since(start) != 0 {
			t.Errorf("%d calls ended after %v, want all at once", n, time.Since(start))
		}
	})
}

// TestTimeInABubbleIsTheBubbles: a sleep ends what Advance would end, and both
// add up.
func TestTimeInABubbleIsTheBubbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := idempotencytest.NewStore(t)
		claim(t, store, first, first.Token, backend.Running, time.Minute)
		store.Advance(30 * time.Second)
		waited := make(chan time.Duration)
		go func(start time.Time) {
			_ = store.Wait(t.Context(), key, first.Token)
			waited <- time.Since(start)
		}(time.Now())
		if d := <-waited; d != 30*time.Second {
			t.Errorf("waited %v, want the rest of the lease", d)
		}
		time.Sleep(time.Hour + time.Second)
		if n := store.Records(); n != 0 {
			t.Errorf("%d records after lease and retention, want none", n)
		}
	})
}

func TestNewStoreTakesTheOptionsOfAMemstore(t *testing.T) {
	store := idempotencytest.NewStore(t, memstore.WithMaxRecords(1))
	claim(t, store, first, first.Token, backend.Running, time.Minute)
	if _, err := store.Claim(t.Context(), backend.Key{2}, first); !errors.Is(err, backend.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
}

func TestAStoreIsClosedWithItsTest(t *testing.T) {
	var store *idempotencytest.Store
	t.Run("with a store", func(t *testing.T) { store = idempotencytest.NewStore(t) })
	if _, err := store.Claim(t.Context(), key, first); !errors.Is(err, backend.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}
