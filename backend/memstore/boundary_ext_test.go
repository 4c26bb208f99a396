package memstore_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// TestLeaseEndsToTheNanosecond: a claim can be taken over at the end of its lease
// and not one nanosecond before.
func TestLeaseEndsToTheNanosecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := open(t)
		key, first := backend.Key{1}, backend.Claim{Token: backend.Token{1}, Attempt: 1, Lease: time.Second, Retention: time.Second}
		next := backend.Claim{Token: backend.Token{2}, Replaces: first.Token, Attempt: 2, Lease: time.Second, Retention: time.Second}
		claim := func(c backend.Claim) backend.Record {
			rec, err := store.Claim(t.Context(), key, c)
			if err != nil {
				t.Fatal(err)
			}
			return rec
		}
		claim(first)
		time.Sleep(first.Lease - time.Nanosecond)
		if rec := claim(next); rec.Token != first.Token || rec.LeaseLeft != 1 {
			t.Errorf("a nanosecond before: token %v, %v left", rec.Token, rec.LeaseLeft)
		}
		time.Sleep(time.Nanosecond)
		if rec := claim(next); rec.Token != next.Token {
			t.Errorf("at the end: token %v, %v left", rec.Token, rec.LeaseLeft)
		}
	})
}
