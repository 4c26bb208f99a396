package nearcache_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// TestCompletionSentAgain loses the reply of a completion that was applied. The
// second completion succeeds and changes nothing, so its outcome must not be
// cached.
func TestCompletionSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		store := opened(t, behind)
		win(t, store, 0)
		behind.after = only("Complete", func() error { return errLost })
		want(t, store.Complete(t.Context(), key(0), claimed(0).Token, outcome("first", time.Minute)), errLost)
		behind.after = nil
		time.Sleep(30 * time.Second)
		ok(t, store.Complete(t.Context(), key(0), claimed(0).Token, outcome("second", time.Minute)))
		replays(t, store, 0, "first")
		time.Sleep(30 * time.Second)
		gone(t, store, 0)
	})
}

// TestClaimAndCompletionSentAgain sends the claim again while the first
// completion is in progress. The record is still running, so the claim wins.
func TestClaimAndCompletionSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		store := opened(t, behind)
		win(t, store, 0)
		var begun atomic.Int64 // the first is applied after 1 s, the second after 2 s
		behind.before = only("Complete", func() error {
			time.Sleep(time.Duration(begun.Add(1)) * time.Second)
			return nil
		})
		go func() {
			if err := store.Complete(t.Context(), key(0), claimed(0).Token, outcome("first", time.Minute)); err != nil {
				t.Errorf("Complete: %v", err)
			}
		}()
		synctest.Wait()
		win(t, store, 0)
		ok(t, store.Complete(t.Context(), key(0), claimed(0).Token, outcome("second", time.Hour)))
		replays(t, store, 0, "first")
		time.Sleep(time.Minute)
		gone(t, store, 0)
	})
}

// TestLateReplyOfAClaim: the reply of a claim that was sent again arrives after a
// completion has started and failed.
func TestLateReplyOfAClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := newFar(t)
		store := opened(t, behind)
		win(t, store, 0)
		behind.after = func(call string) error {
			if call == "Claim" {
				time.Sleep(time.Second)
				return nil
			}
			return errLost
		}
		go func() { _, _ = store.Claim(t.Context(), key(0), claimed(0)) }()
		synctest.Wait()
		want(t, store.Complete(t.Context(), key(0), claimed(0).Token, outcome("first", time.Minute)), errLost)
		time.Sleep(2 * time.Second)
		behind.after = nil
		ok(t, store.Complete(t.Context(), key(0), claimed(0).Token, outcome("second", time.Hour)))
		replays(t, store, 0, "first")
	})
}

// TestLostClaimIsNotCached completes a claim that another process took over.
func TestLostClaimIsNotCached(t *testing.T) {
	behind := newFar(t)
	here, there := opened(t, behind), behind.memory.Load()
	win(t, here, 0)
	ok(t, here.Extend(t.Context(), key(0), claimed(0).Token, 0, time.Hour))
	c := claimed(1)
	c.Replaces = claimed(0).Token
	_, err := there.Claim(t.Context(), key(0), c)
	ok(t, err)
	want(t, here.Complete(t.Context(), key(0), claimed(0).Token, outcome("stale", time.Hour)), backend.ErrClaimLost)
	ok(t, there.Complete(t.Context(), key(0), c.Token, outcome("true", time.Hour)))
	rec, err := here.Claim(t.Context(), key(0), stranger())
	ok(t, err)
	if string(rec.Outcome) != "true" || rec.Token != c.Token {
		t.Errorf("got record %+v, want the successor's", rec)
	}
}

func TestReleaseLeavesNothing(t *testing.T) {
	store := opened(t, newFar(t))
	win(t, store, 0)
	ok(t, store.Release(t.Context(), key(0), claimed(0).Token))
	if store.Len() != 0 {
		t.Errorf("%d entries are cached, want none", store.Len())
	}
	gone(t, store, 0)
}

// TestReleaseOfARemovedRecord: a release that succeeds shows that the record is
// absent.
func TestReleaseOfARemovedRecord(t *testing.T) {
	behind := newFar(t)
	store := opened(t, behind)
	finish(t, store, 0, outcome("paid", time.Hour))
	behind.empty(t)
	ok(t, store.Release(t.Context(), key(0), claimed(0).Token))
	gone(t, store, 0)
}
