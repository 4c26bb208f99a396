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

// lost requires that a call was refused for its token.
func (f *fixture) lost(err error) {
	f.Helper()
	if !errors.Is(err, backend.ErrClaimLost) {
		f.Fatalf("got error %v, want ErrClaimLost", err)
	}
}

// same requires that the records are equal, their time left apart.
func (f *fixture) same(got, want backend.Record) {
	f.Helper()
	if !equal(got, want) {
		f.Fatalf("got record %s, want %s", describe(got), describe(want))
	}
}

// stands requires that the record stands under key, and returns it with the
// time it has left.
func (f *fixture) stands(key backend.Key, want backend.Record) backend.Record {
	f.Helper()
	got := f.claim(key, newClaim())
	f.same(got, want)
	return got
}

// alive requires that the claim stands and will not lapse during the test.
func (f *fixture) alive(key backend.Key, c backend.Claim) {
	f.Helper()
	if rec := f.stands(key, running(c)); rec.LeaseLeft < long/2 {
		f.Fatalf("the lease has %v left, want about %v", rec.LeaseLeft, long)
	}
}

// lapsed requires that the claim stands with a lapsed lease.
func (f *fixture) lapsed(key backend.Key, c backend.Claim) {
	f.Helper()
	if rec := f.stands(key, running(c)); !rec.Expired() {
		f.Fatalf("the lease has %v left, must have lapsed", rec.LeaseLeft)
	}
}

// absent requires that nothing stands under key, and leaves it so.
func (f *fixture) absent(key backend.Key) {
	f.Helper()
	c := newClaim()
	f.win(key, c)
	f.ok(f.release(key, c.Token))
}

// left requires that the record has that much of its lease left, when the
// lease began to run after the given time.
func (f *fixture) left(rec backend.Record, lease time.Duration, after time.Time) {
	f.Helper()
	least := lease - time.Since(after) - f.Resolution
	if rec.LeaseLeft < least || rec.LeaseLeft > lease+f.Resolution {
		f.Fatalf("the lease has %v left, want %v to %v", rec.LeaseLeft, least, lease)
	}
}

// lasted requires that no less than d has passed.
func (f *fixture) lasted(d time.Duration, since time.Time) {
	f.Helper()
	if past := time.Since(since); past < d-f.Resolution {
		f.Fatalf("ended after %v, want no less than %v", past, d)
	}
}

func equal(a, b backend.Record) bool {
	return a.State == b.State && a.Token == b.Token && a.Attempt == b.Attempt &&
		a.Fingerprint == b.Fingerprint && bytes.Equal(a.Outcome, b.Outcome)
}
