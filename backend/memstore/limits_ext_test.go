package memstore_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// claimRefused requires that the store is full for the n-th key.
func claimRefused(t *testing.T, store *memstore.Store, n int) {
	t.Helper()
	_, err := store.Claim(t.Context(), key(n), claimed(n))
	want(t, err, backend.ErrFull)
}

func TestMaxRecordsRefusesOnlyNewKeys(t *testing.T) {
	store := opened(t, nil, memstore.WithMaxRecords(2)) // nil changes nothing
	first, second := claimed(0), claimed(1)
	win(t, store, 0, first)
	win(t, store, 1, second)
	claimRefused(t, store, 2)

	win(t, store, 0, first)
	ok(t, store.Extend(t.Context(), key(0), first.Token, 0, time.Hour))
	successor := claimed(3)
	successor.Replaces = first.Token
	win(t, store, 0, successor)
	ok(t, store.Complete(t.Context(), key(0), successor.Token, backend.Outcome{Retention: time.Hour}))
	claimRefused(t, store, 2)

	ok(t, store.Release(t.Context(), key(1), second.Token))
	win(t, store, 2, claimed(2))
}

func TestMaxRecordsHoldsWhenClaimsRace(t *testing.T) {
	store := opened(t, memstore.WithMaxRecords(100))
	var won, refused atomic.Int32
	var claims sync.WaitGroup
	for g := range 8 {
		claims.Go(func() {
			for i := range 100 {
				n := g*100 + i
				if _, err := store.Claim(t.Context(), key(n), claimed(n)); err == nil {
					won.Add(1)
				} else {
					want(t, err, backend.ErrFull)
					refused.Add(1)
				}
			}
		})
	}
	claims.Wait()
	if won.Load() != 100 || refused.Load() != 700 {
		t.Errorf("%d claims won and %d were refused, want 100 and 700", won.Load(), refused.Load())
	}
	holds(t, store, 100, 100*perRecord)
}

// TestMaxBytes also checks that outcomes of running claims can exceed the limit.
func TestMaxBytes(t *testing.T) {
	store := opened(t, memstore.WithMaxBytes(3*perRecord))
	win(t, store, 0, claimed(0))
	win(t, store, 1, claimed(1))
	large := backend.Outcome{Bytes: make([]byte, 1000), Retention: time.Hour}
	for n := range 2 {
		ok(t, store.Complete(t.Context(), key(n), claimed(n).Token, large))
		claimRefused(t, store, 2)
	}
	holds(t, store, 2, 2*(perRecord+1000))
}

func TestMaxBytesAdmitsAnExactFit(t *testing.T) {
	store := opened(t, memstore.WithMaxBytes(2*perRecord))
	win(t, store, 0, claimed(0))
	win(t, store, 1, claimed(1))
	claimRefused(t, store, 2)
	holds(t, store, 2, 2*perRecord)
}

// TestExpiredGivesRoom: an expired record makes room for its own key at once, and
// for other keys when it is freed.
func TestExpiredGivesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := opened(t, memstore.WithMaxRecords(1), memstore.WithMaxBytes(perRecord))
		short := claimed(0)
		short.Lease, short.Retention = time.Second, time.Second
		win(t, store, 0, short)
		time.Sleep(2 * time.Second)
		short.Token = backend.Token{15: 1}
		win(t, store, 0, short)
		time.Sleep(2*time.Second + 10*time.Millisecond)
		win(t, store, 1, claimed(1))
	})
}

func TestZeroAndLessIsNoLimit(t *testing.T) {
	for _, n := range []int{0, -1} {
		store := opened(t, memstore.WithMaxRecords(n), memstore.WithMaxBytes(int64(n)))
		for i := range 100 {
			win(t, store, i, claimed(i))
		}
	}
}
