package backendtest

import (
	"bytes"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise14 = group{"Promise14Immutable", []test{
	{"StoreDoesNotChangeItsInput", inputUnchanged},
	{"StoreDoesNotChangeItsOutput", outputUnchanged},
	{"ManyReaders", readersShare},
}}

// inputUnchanged also checks the capacity of the slice, which belongs to the caller.
func inputUnchanged(f *fixture) {
	buffer := bytes.Repeat([]byte{'x'}, 1024)
	want := bytes.Clone(buffer)
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.complete(key, c.Token, backend.Outcome{Bytes: buffer[:300], Retention: 2 * f.Tick}))
	f.untilAbsent(key)
	f.finish(newKey(), newClaim(), outcome("the next"))
	if !bytes.Equal(buffer, want) {
		f.Error("the store changed the bytes it was given")
	}
}

// outputUnchanged retains an outcome while other outcomes are stored and read and
// its own record expires.
func outputUnchanged(f *fixture) {
	key, c := newKey(), newClaim()
	f.within(func(window time.Duration) error {
		key = newKey()
		f.finish(key, c, backend.Outcome{Bytes: everyByte(), Retention: window})
		rec, err := f.store.Claim(f.Context(), key, newClaim())
		defer f.unchanged(rec.Outcome)()
		for range 50 {
			next, other := newKey(), newClaim()
			f.finish(next, other, outcome("another outcome, which may reuse the memory of the first"))
			f.claim(next, newClaim())
		}
		return err
	})
	f.untilAbsent(key)
}

// unchanged returns a check that the bytes have not changed since.
func (f *fixture) unchanged(shown []byte) (check func()) {
	want := bytes.Clone(shown)
	return func() {
		f.Helper()
		if !bytes.Equal(shown, want) {
			f.Error("the store changed the bytes it had returned")
		}
	}
}

// readersShare lets the race detector find writes to a shared outcome.
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
