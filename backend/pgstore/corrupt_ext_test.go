package pgstore_test

import (
	"testing"

	"github.com/oncewire/idempotency/backend"
)

// TestCorruptIsLeftAlone: a row that cannot be read refuses claims, and no step
// changes or removes it. The constraints of the table prevent such rows.
func TestCorruptIsLeftAlone(t *testing.T) {
	d := own(t)
	s := d.store(t)
	changes := []string{
		"state = 0", "state = 5", "state = -1", "state = 32767", "state = 2, outcome = NULL",
		`fingerprint = '\x'`, `fingerprint = fingerprint || '\x00'`, "lease_until = 'infinity'",
	}
	constrained := newKey()
	win(t, s, constrained)
	for _, change := range changes {
		if _, err := d.conn(t).Exec(t.Context(), "UPDATE "+d.table()+" SET "+change); err == nil {
			t.Errorf("no constraint prevented %s", change)
		}
	}
	d.exec(t, "ALTER TABLE %s DROP CONSTRAINT state_is_known, DROP CONSTRAINT outcome_fits_state, DROP CONSTRAINT lease_is_finite, DROP CONSTRAINT fingerprint_is_a_digest")
	for _, change := range changes {
		key := newKey()
		c := win(t, s, key)
		d.exec(t, "UPDATE %s SET "+change+" WHERE key = $1", key[:])
		before := d.text(t, key[:])
		replacing := newClaim()
		replacing.Replaces = c.Token
		for _, claim := range []backend.Claim{newClaim(), replacing, c} {
			_, err := s.Claim(t.Context(), key, claim)
			want(t, err, backend.ErrCorrupt)
		}
		if change[:5] == "state" {
			want(t, s.Extend(t.Context(), key, c.Token, 1, 1), backend.ErrClaimLost)
			want(t, s.Release(t.Context(), key, c.Token), backend.ErrClaimLost)
		}
		if after := d.text(t, key[:]); after != before {
			t.Errorf("%s: %s became %s", change, before, after)
		}
	}
}

// text returns a row as it stands.
func (d database) text(t *testing.T, key []byte) (text string) {
	t.Helper()
	ok(t, d.conn(t).QueryRow(t.Context(), "SELECT r::text FROM "+d.table()+" AS r WHERE key = $1", key).Scan(&text))
	return text
}

// TestAnyOutcomeIsReplayed byte for byte, stored in the row or beside it.
func TestAnyOutcomeIsReplayed(t *testing.T) {
	s := own(t).store(t)
	for _, n := range []int{0, 1, 300, 3000, 100_000, 5_000_000} {
		bytes := make([]byte, n)
		for i := range bytes {
			bytes[i] = byte(i * i >> 3)
		}
		key := newKey()
		finish(t, s, key, string(bytes))
		replays(t, s, key, string(bytes))
	}
}
