package memstore

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// fill claims n keys in several shards, with a lease of one second.
func fill(t *testing.T, s *Store, n int) (keys []backend.Key) {
	t.Helper()
	for i := range n {
		key := backend.Key{byte(i), byte(i >> 8)}
		c := backend.Claim{Token: backend.Token{1}, Lease: time.Second}
		if _, err := s.Claim(t.Context(), key, c); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

// armed returns the number of shards whose timer is running.
func armed(s *Store) (n int) {
	for i := range s.shards {
		s.shards[i].mu.Lock()
		if s.shards[i].sweeper.due != 0 {
			n++
		}
		s.shards[i].mu.Unlock()
	}
	return n
}

func TestNoTimerWithoutRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		defer s.Close()
		for _, key := range fill(t, s, 1000) {
			if armed(s) == 0 {
				t.Fatal("no timer is armed while records will expire")
			}
			if err := s.Release(t.Context(), key, backend.Token{1}); err != nil {
				t.Fatal(err)
			}
		}
		if n := armed(s); n != 0 {
			t.Errorf("%d timers are armed in an empty store", n)
		}

		fill(t, s, 1000)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := armed(s); n != 0 {
			t.Errorf("%d timers are armed in a store whose records have all expired", n)
		}
	})
}

func TestShrinks(t *testing.T) {
	s := New()
	defer s.Close()
	keys := fill(t, s, 20_000)
	for _, key := range keys[:19_000] {
		if err := s.Release(t.Context(), key, backend.Token{1}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.shards {
		sh := &s.shards[i]
		if sh.peak > max(smallShard, 4*sh.records.len()) || cap(sh.queue.slots) > 2*sh.peak {
			t.Errorf("shard %d: peak %d, capacity %d, holds %d records", i, sh.peak, cap(sh.queue.slots), sh.records.len())
		}
	}
}

func TestAfter(t *testing.T) {
	for _, c := range []struct {
		from instant
		add  time.Duration
		want instant
	}{
		{5, 7, 12},
		{5, 0, 5},
		{5, -7, 5},
		{0, backend.Forever, never},
		{5, backend.Forever, never},
		{5, backend.Forever - 5, never},
		{5, backend.Forever - 6, never - 1},
		{never, 0, never},
		{never, 7, never},
		{never, backend.Forever, never},
	} {
		if got := c.from.after(c.add); got != c.want {
			t.Errorf("%d.after(%d) = %d, want %d", c.from, c.add, got, c.want)
		}
	}
}

// TestWaitersShareAChannel: two waiters for one claim get the same channel.
func TestWaitersShareAChannel(t *testing.T) {
	s := New()
	defer s.Close()
	key := fill(t, s, 1)[0]
	first, _, _ := s.watch(t.Context(), key, backend.Token{1})
	second, _, _ := s.watch(t.Context(), key, backend.Token{1})
	if first == nil || first != second {
		t.Errorf("waiters got channels %v and %v", first, second)
	}
}
