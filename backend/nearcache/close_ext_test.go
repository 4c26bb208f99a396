package nearcache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

func TestClose(t *testing.T) {
	memory := memstore.New()
	defer memory.Close()
	store := opened(t, memory)
	for n := range 100 {
		finish(t, store, n, outcome("paid", time.Hour))
	}
	for range 2 {
		ok(t, store.Close())
		if store.Len() != 0 || store.Bytes() != 0 {
			t.Errorf("%d entries of %d bytes are cached, want none", store.Len(), store.Bytes())
		}
	}
	_, err := store.Claim(t.Context(), key(0), claimed(0))
	want(t, err, backend.ErrClosed)
	want(t, store.(backend.Waiter).Wait(t.Context(), key(0), claimed(0).Token), backend.ErrClosed)
	store.Purge(key(0))
	store.PurgeAll()
	replays(t, memory, 0, "paid")
}

// TestCloseDuringCalls: replies that arrive after Close are not cached.
func TestCloseDuringCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		store := opened(t, behind)
		win(t, store, 0)
		finish(t, behind.memory.Load(), 1, outcome("paid", time.Hour))
		behind.after = func(string) error { time.Sleep(10 * time.Millisecond); return nil }
		go func() { _, _ = store.Claim(t.Context(), key(1), stranger()) }()
		go func() { _, _ = store.Claim(t.Context(), key(2), claimed(2)) }()
		go func() { _ = store.Complete(t.Context(), key(0), claimed(0).Token, outcome("paid", time.Hour)) }()
		synctest.Wait()
		ok(t, store.Close())
		time.Sleep(time.Second)
		if store.Len() != 0 {
			t.Errorf("a closed store has %d entries", store.Len())
		}
	})
}
