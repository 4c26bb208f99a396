package memstore_test

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// soon is the time after its expiry within which a record is freed.
const soon = 5 * time.Millisecond

// TestFreesInTime gives many records random expiries, changes them, and checks
// that each is freed soon after its last expiry and not before it.
func TestFreesInTime(t *testing.T) {
	const records, span = 2000, 1000
	synctest.Test(t, func(t *testing.T) {
		store := opened(t)
		begin := time.Now()
		var ends [span + 1]int
		for n := range records {
			end := 1 + rand.IntN(span)
			ends[end]++
			endAfter(t, store, n, time.Duration(end)*time.Second)
		}
		left := records
		for s, n := range ends {
			time.Sleep(time.Until(begin.Add(time.Duration(s)*time.Second - 1)))
			holds(t, store, left, int64(left)*perRecord)
			left -= n
			time.Sleep(soon + 1)
			synctest.Wait()
			holds(t, store, left, int64(left)*perRecord)
		}
	})
}

// endAfter makes the n-th record expire after d, in one of the possible ways.
func endAfter(t *testing.T, store *memstore.Store, n int, d time.Duration) {
	t.Helper()
	c := claimed(n)
	win(t, store, n, c)
	if n%3 == 0 {
		ok(t, store.Extend(t.Context(), key(n), c.Token, d, 0))
		return
	}
	if n%3 == 1 {
		ok(t, store.Extend(t.Context(), key(n), c.Token, 0, backend.Forever))
	}
	ok(t, store.Complete(t.Context(), key(n), c.Token, backend.Outcome{Retention: d}))
}

func TestForeverIsNeverFreed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := opened(t)
		c := claimed(0)
		c.Retention = backend.Forever
		win(t, store, 0, c)
		win(t, store, 1, claimed(1))
		ok(t, store.Complete(t.Context(), key(1), claimed(1).Token, backend.Outcome{Retention: backend.Forever}))
		time.Sleep(200 * 365 * 24 * time.Hour)
		holds(t, store, 2, 2*perRecord)
	})
}

// TestBurstLeavesNoMemory measures the heap, because a map that has grown retains
// its buckets when all its entries are removed.
func TestBurstLeavesNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := opened(t)
		win(t, store, 0, claimed(0))
		before := heap()
		for n := 1; n <= 100_000; n++ {
			c := claimed(n)
			c.Lease, c.Retention = time.Second, 0
			win(t, store, n, c)
		}
		if peak := heap() - before; peak > 100_000*perRecord {
			t.Errorf("a record takes %d bytes, but counts %d", peak/100_000, perRecord)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		holds(t, store, 1, perRecord)
		if after := heap() - before; after > 1<<20 {
			t.Errorf("%d bytes are left of a burst", after)
		}
		runtime.KeepAlive(store)
	})
}

// heap returns the bytes in use after a garbage collection.
func heap() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
