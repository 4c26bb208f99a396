package memstore

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// colliding returns the n-th of many keys that share their first eight bytes.
func colliding(n int) backend.Key { return backend.Key{30: byte(n >> 8), 31: byte(n)} }

// TestKeysThatShareEightBytes have records of their own, whichever is removed first.
func TestKeysThatShareEightBytes(t *testing.T) {
	const keys = 1000
	for _, order := range []struct {
		name string
		key  func(n int) backend.Key
	}{
		{"oldest first", colliding},
		{"newest first", func(n int) backend.Key { return colliding(keys - 1 - n) }},
	} {
		t.Run(order.name, func(t *testing.T) {
			s := New()
			defer s.Close()
			for n := range keys {
				claimFor(t, s, colliding(n), time.Hour)
			}
			for n := range keys {
				key := order.key(n)
				rec, err := s.Claim(t.Context(), key, backend.Claim{Token: backend.Token{9}, Lease: time.Hour})
				if err != nil || rec.Token != tokenOf(key) {
					t.Fatalf("key %d: token %s, %v", n, rec.Token, err)
				}
				if err := s.Release(t.Context(), key, tokenOf(key)); err != nil {
					t.Fatal(err)
				}
				if s.Len() != keys-1-n {
					t.Fatalf("%d records are left of %d", s.Len(), keys-1-n)
				}
			}
			claimFor(t, s, colliding(0), time.Hour)
		})
	}
}

func TestKeysThatShareEightBytesExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		defer s.Close()
		for n := range 100 {
			claimFor(t, s, colliding(n), time.Duration(n+1)*time.Second)
		}
		for left := 100; left > 0; left-- {
			if s.Len() != left {
				t.Fatalf("%d records, want %d", s.Len(), left)
			}
			time.Sleep(time.Second + sweepDelay)
			synctest.Wait()
		}
	})
}

// TestShrinksWithKeysThatShareEightBytes: what shrinks still finds every record.
func TestShrinksWithKeysThatShareEightBytes(t *testing.T) {
	s := New()
	defer s.Close()
	for n := range 4 * smallShard {
		claimFor(t, s, colliding(n), time.Hour)
	}
	for n := range 4*smallShard - 10 {
		if err := s.Release(t.Context(), colliding(n), tokenOf(colliding(n))); err != nil {
			t.Fatal(err)
		}
	}
	for n := 4*smallShard - 10; n < 4*smallShard; n++ {
		if err := s.Complete(t.Context(), colliding(n), tokenOf(colliding(n)), backend.Outcome{Retention: time.Hour}); err != nil {
			t.Errorf("key %d: %v", n, err)
		}
	}
}

func tokenOf(key backend.Key) (token backend.Token) {
	copy(token[:], key[len(key)-len(token):])
	token[0] = 1
	return token
}

func claimFor(t *testing.T, s *Store, key backend.Key, lease time.Duration) {
	t.Helper()
	rec, err := s.Claim(t.Context(), key, backend.Claim{Token: tokenOf(key), Lease: lease})
	if err != nil || rec.Token != tokenOf(key) {
		t.Fatalf("key %s: token %s, %v", key, rec.Token, err)
	}
}
