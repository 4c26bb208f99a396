package nearcache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/nearcache"
)

// purges are the methods that purge a record.
var purges = map[string]func(nearcache.Store){
	"Purge":    func(s nearcache.Store) { s.Purge(key(0)) },
	"PurgeAll": func(s nearcache.Store) { s.PurgeAll() },
}

func TestPurge(t *testing.T) {
	for name, purge := range purges {
		t.Run(name, func(t *testing.T) {
			behind := newFar(t)
			here, there := opened(t, behind), opened(t, behind)
			finish(t, here, 0, outcome("paid", backend.Forever))
			replays(t, there, 0, "paid")
			behind.empty(t)
			replays(t, here, 0, "paid") // not purged yet
			for _, store := range []nearcache.Store{here, there} {
				purge(store)
				gone(t, store, 0)
			}
		})
	}
}

func TestPurgeSparesOthers(t *testing.T) {
	behind := newFar(t)
	store := opened(t, behind)
	for n := range 100 {
		finish(t, store, n, outcome("paid", time.Hour))
	}
	store.Purge(key(0))
	for n := 1; n < 100; n++ {
		replays(t, store, n, "paid")
	}
	behind.reached(t, 100, 0)
}

// TestPurgeDuringACall delays the reply of a call that has seen the record. The
// record is removed and purged before the reply arrives.
func TestPurgeDuringACall(t *testing.T) {
	for name, purge := range purges {
		for _, call := range []string{"Claim", "RetentionLeft", "Complete"} {
			inBubble(t, call+name, func(t *testing.T) {
				behind := newFar(t)
				here, there := opened(t, behind), behind.memory.Load()
				win(t, here, 0)
				if call != "Complete" {
					ok(t, there.Complete(t.Context(), key(0), claimed(0).Token, outcome("paid", backend.Forever)))
				}
				behind.after = only(call, func() error { time.Sleep(50 * time.Millisecond); return nil })
				go func() {
					if call == "Complete" {
						_ = here.Complete(t.Context(), key(0), claimed(0).Token, outcome("paid", backend.Forever))
						return
					}
					_, _ = here.Claim(t.Context(), key(0), stranger())
				}()
				synctest.Wait()
				behind.empty(t)
				purge(here)
				time.Sleep(time.Second)
				gone(t, here, 0)
			})
		}
	}
}

// TestPurgeRaces runs purges at the same time as calls that cache records, and
// requires that no record is returned that was removed before the last purge.
func TestPurgeRaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		late := func(string) error { time.Sleep(time.Millisecond); return nil }
		behind.before, behind.after = late, late
		here := opened(t, behind)
		for n := range 100 {
			there := behind.memory.Load()
			win(t, here, n)
			ok(t, there.Complete(t.Context(), key(n), claimed(n).Token, outcome("old", backend.Forever)))
			for offset := range 12 {
				go func() {
					time.Sleep(time.Duration(offset) * 500 * time.Microsecond)
					_, _ = here.Claim(t.Context(), key(n), claimed(1<<30))
				}()
			}
			time.Sleep(3 * time.Millisecond)
			behind.empty(t)
			here.Purge(key(n))
			rec, err := here.Claim(t.Context(), key(n), claimed(1<<30))
			ok(t, err)
			if string(rec.Outcome) == "old" {
				t.Fatal("returned a removed record after its purge")
			}
			time.Sleep(time.Second)
			rec, err = here.Claim(t.Context(), key(n), claimed(1<<30))
			ok(t, err)
			if string(rec.Outcome) == "old" {
				t.Fatal("a removed record came back after its purge")
			}
		}
	})
}
