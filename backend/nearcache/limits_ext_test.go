package nearcache_test

import (
	"context"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/backend/nearcache"
)

func TestMaxBytes(t *testing.T) {
	const limit = 100 * (perEntry + 1000)
	store := opened(t, newFar(t), nearcache.WithMaxBytes(limit))
	for n := range 1000 {
		finish(t, store, n, outcome(string(make([]byte, 1000)), time.Hour))
		if store.Bytes() > limit {
			t.Fatalf("%d bytes are cached, want %d or less", store.Bytes(), limit)
		}
	}
	if n := store.Len(); n < 50 || n > 100 {
		t.Errorf("%d entries are cached, want about 100", n)
	}
}

// TestMemory compares the counted bytes with the heap.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("fills 24 MiB")
	}
	const limit = 8 << 20
	for _, size := range []int{0, 300, 10_240} {
		behind := &forgetful{}
		store := opened(t, behind, nearcache.WithMaxBytes(limit))
		before := heap()
		for n := range 3 * limit / (perEntry + size) {
			finish(t, store, n, backend.Outcome{Bytes: make([]byte, size), Retention: time.Hour})
		}
		used, counted := heap()-before, int(store.Bytes())
		if counted > limit || used > counted {
			t.Errorf("outcomes of %d bytes: %d entries take %d bytes and count %d, want %d or less",
				size, store.Len(), used, counted, limit)
		}
		runtime.KeepAlive(store)
	}
}

// forgetful is a store that accepts every call and holds no records.
type forgetful struct{ plain }

func (forgetful) Claim(_ context.Context, _ backend.Key, c backend.Claim) (backend.Record, error) {
	return backend.Record{State: backend.Running, Token: c.Token, Attempt: c.Attempt}, nil
}

func (forgetful) Complete(context.Context, backend.Key, backend.Token, backend.Outcome) error {
	return nil
}

// heap returns the bytes in use after a garbage collection.
func heap() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// TestMaxEntryBytes: records up to the limit are cached, and larger ones are not,
// whether this or another process finished them. The remaining retention of a
// larger one is not read.
func TestMaxEntryBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		here, there := opened(t, behind, nearcache.WithMaxEntryBytes(perEntry+10)), behind.memory.Load()
		fits, large := outcome("ten  bytes", time.Hour), outcome("eleven byte", time.Hour)
		finish(t, here, 0, fits)
		finish(t, here, 1, large)
		finish(t, there, 2, fits)
		finish(t, there, 3, large)
		for range 3 {
			replays(t, here, 0, "ten  bytes")
			replays(t, here, 1, "eleven byte")
			replays(t, here, 2, "ten  bytes")
			replays(t, here, 3, "eleven byte")
		}
		behind.reached(t, 2+3+1+3, 1)
	})
}

func TestInvalidOptions(t *testing.T) {
	memory := memstore.New()
	defer memory.Close()
	for _, options := range [][]nearcache.Option{
		{nearcache.WithMaxBytes(0)},
		{nearcache.WithMaxBytes(-1)},
		{nearcache.WithMaxEntryBytes(-1)},
		{nil},
		{nearcache.WithMaxEntryBytes(math.MaxUint32 + 1), nearcache.WithMaxBytes(math.MaxInt64)},
		{nearcache.WithMaxEntryBytes(1001), nearcache.WithMaxBytes(1000)},
	} {
		if _, err := nearcache.New(memory, options...); err == nil {
			t.Error("no error")
		}
	}
	if _, err := nearcache.New(nil); err == nil {
		t.Error("no error without a store")
	}
	opened(t, memory, nearcache.WithMaxBytes(1))
	opened(t, memory, nearcache.WithMaxEntryBytes(0))
	opened(t, memory, nearcache.WithMaxEntryBytes(math.MaxUint32), nearcache.WithMaxBytes(math.MaxInt64))
}
