package nearcache

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

var aClaim = backend.Claim{Token: backend.Token{1}, Attempt: 1, Lease: time.Hour}

func openStore(t *testing.T) *cachedStore {
	t.Helper()
	memory := memstore.New()
	s, err := New(memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.Close(), memory.Close() })
	return s.(*waitingStore).cachedStore
}

// TestClosedStoreCachesNothing simulates a call that started just before Close and
// took its snapshot just after it.
func TestClosedStoreCachesNothing(t *testing.T) {
	s := openStore(t)
	_ = s.Close()
	s.cache.addClaim(backend.Key{}, s.cache.stripe(backend.Key{}).snapshot(), &entry{})
	if s.Len() != 0 {
		t.Error("a closed store has an entry")
	}
}

// TestEachReadChecksTheExpiry: entries are freed by the monotonic clock, which
// stops while the machine sleeps, so reading an entry checks the wall clock too.
func TestEachReadChecksTheExpiry(t *testing.T) {
	s := openStore(t)
	slept := expiry{monotonic: time.Now().Add(time.Hour), wall: time.Now().Round(0)}
	s.cache.entries.Set(backend.Key{}, &entry{record: backend.Record{State: backend.Done}, expires: slept})
	if rec, err := s.Claim(t.Context(), backend.Key{}, aClaim); err != nil || rec.Token != aClaim.Token {
		t.Errorf("got %+v, %v, want the claim to have won", rec, err)
	}
}

// TestCompletionThatPanics does not count as in progress afterwards.
func TestCompletionThatPanics(t *testing.T) {
	s := openStore(t)
	behind := s.behind
	s.behind = nil
	func() {
		defer func() { _ = recover() }()
		_ = s.Complete(t.Context(), backend.Key{}, aClaim.Token, backend.Outcome{})
	}()
	s.behind = behind
	if s.cache.stripe(backend.Key{}).snapshot().completing {
		t.Error("the completion still counts as in progress")
	}
}
