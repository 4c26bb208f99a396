package nearcache

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

var aClaim = backend.Claim{Token: backend.Token{1}, Attempt: 1, Lease: time.Hour}

func openStore(t *testing.T) *store {
	t.Helper()
	memory := memstore.New()
	s, err := New(memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.Close(), memory.Close() })
	return s.(*waitingStore).store
}

// TestClosedStoreKeepsNothing is the call that was let in just before Close,
// and had its look just after.
func TestClosedStoreKeepsNothing(t *testing.T) {
	s := openStore(t)
	_ = s.Close()
	s.note(backend.Key{}, s.look(backend.Key{}), &entry{})
	if s.Len() != 0 {
		t.Error("a closed store keeps an entry")
	}
}

// TestEachReadChecksTheExpiry has the monotonic clock, by which entries are
// freed, stand still while the machine slept.
func TestEachReadChecksTheExpiry(t *testing.T) {
	s := openStore(t)
	slept := expiry{monotonic: time.Now().Add(time.Hour), wall: time.Now().Round(0)}
	s.entries.Set(backend.Key{}, &entry{record: backend.Record{State: backend.Done}, expires: slept})
	if rec, err := s.Claim(t.Context(), backend.Key{}, aClaim); err != nil || rec.Token != aClaim.Token {
		t.Errorf("got %+v, %v, want the claim to have won", rec, err)
	}
}

// TestCompletionThatPanics does not stop later ones from being kept.
func TestCompletionThatPanics(t *testing.T) {
	s := openStore(t)
	behind := s.behind
	s.behind = nil
	func() {
		defer func() { _ = recover() }()
		_ = s.Complete(t.Context(), backend.Key{}, aClaim.Token, backend.Outcome{})
	}()
	s.behind = behind
	if !s.look(backend.Key{}).quiet {
		t.Error("a completion counts as being in progress for ever")
	}
}
