package backendtest

import (
	"bytes"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise14 = group{"Promise14Immutable", []test{
	{"StoreLeavesWhatItWasGiven", givenStays},
	{"StoreLeavesWhatItGave", shownStays},
	{"ManyReaders", readersShare},
}}

// givenStays also watches the room behind the slice, which is the caller's.
func givenStays(f *fixture) {
	buffer := bytes.Repeat([]byte{'x'}, 1024)
	want := bytes.Clone(buffer)
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.complete(key, c.Token, backend.Outcome{Bytes: buffer[:300], Retention: 2 * f.Tick}))
	f.untilAbsent(key)
	f.finish(newKey(), newClaim(), kept("the next"))
	if !bytes.Equal(buffer, want) {
		f.Error("the store changed the bytes it was given")
	}
}

// shownStays keeps an outcome in hand while others are stored and read, and
// its own expires.
func shownStays(f *fixture) {
	key, c := newKey(), newClaim()
	f.within(func(window time.Duration) error {
		key = newKey()
		f.finish(key, c, backend.Outcome{Bytes: everyByte(), Retention: window})
		rec, err := f.store.Claim(f.Context(), key, newClaim())
		defer f.unchanged(rec.Outcome)()
		for range 50 {
			next, other := newKey(), newClaim()
			f.finish(next, other, kept("another outcome, to be stored where the first one was"))
			f.claim(next, newClaim())
		}
		return err
	})
	f.untilAbsent(key)
}

// unchanged returns a check that the bytes are still what they are now.
func (f *fixture) unchanged(shown []byte) (check func()) {
	want := bytes.Clone(shown)
	return func() {
		f.Helper()
		if !bytes.Equal(shown, want) {
			f.Error("the store changed the bytes it had returned")
		}
	}
}

// readersShare is for the race detector.
func readersShare(f *fixture) {
	key, c := newKey(), newClaim()
	o := backend.Outcome{Bytes: everyByte(), Retention: long}
	f.finish(key, c, o)
	race(20, func(int) {
		rec, err := f.store.Claim(f.Context(), key, newClaim())
		if err != nil || !equal(rec, finished(c, o)) {
			f.Errorf("got %s, %v", describe(rec), err)
		}
	})
}
