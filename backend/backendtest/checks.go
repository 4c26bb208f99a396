package backendtest

import (
	"bytes"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// ok requires that a call succeeded.
func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatalf("unexpected error: %v", err)
	}
}

// claimLost requires that a call was refused because of its token.
func (f *fixture) claimLost(err error) {
	f.Helper()
	if !errors.Is(err, backend.ErrClaimLost) {
		f.Fatalf("got error %v, want ErrClaimLost", err)
	}
}

// same requires that the records are equal, except for LeaseLeft.
func (f *fixture) same(got, want backend.Record) {
	f.Helper()
	if !equal(got, want) {
		f.Fatalf("got record %s, want %s", describe(got), describe(want))
	}
}

// holds requires that the store holds the record under key, and returns it with
// its LeaseLeft.
func (f *fixture) holds(key backend.Key, want backend.Record) backend.Record {
	f.Helper()
	got := f.claim(key, newClaim())
	f.same(got, want)
	return got
}

// alive requires that the claim is running and its lease does not expire during
// the test.
func (f *fixture) alive(key backend.Key, c backend.Claim) {
	f.Helper()
	if rec := f.holds(key, running(c)); rec.LeaseLeft < long/2 {
		f.Fatalf("the lease has %v left, want about %v", rec.LeaseLeft, long)
	}
}

// expired requires that the claim is running and its lease has expired.
func (f *fixture) expired(key backend.Key, c backend.Claim) {
	f.Helper()
	if rec := f.holds(key, running(c)); !rec.Expired() {
		f.Fatalf("the lease has %v left, must have expired", rec.LeaseLeft)
	}
}

// left requires that the rest of the record's lease is right, given that the lease
// started after the given time.
func (f *fixture) left(rec backend.Record, lease time.Duration, after time.Time) {
	f.Helper()
	least := lease - time.Since(after) - f.Resolution
	if rec.LeaseLeft < least || rec.LeaseLeft > lease+f.Resolution {
		f.Fatalf("the lease has %v left, want %v to %v", rec.LeaseLeft, least, lease)
	}
}

// lasted requires that at least d has passed.
func (f *fixture) lasted(d time.Duration, since time.Time) {
	f.Helper()
	if past := time.Since(since); past < d-f.Resolution {
		f.Fatalf("ended after %v, want at least %v", past, d)
	}
}

func equal(a, b backend.Record) bool {
	return a.State == b.State && a.Token == b.Token && a.Attempt == b.Attempt &&
		a.Fingerprint == b.Fingerprint && bytes.Equal(a.Outcome, b.Outcome)
}
