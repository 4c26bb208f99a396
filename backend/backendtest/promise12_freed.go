package backendtest

import (
	"errors"
	"io"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise12 = group{"Promise12Freed", []test{
	{"Expired", expiredIsFreed},
	{"Released", releasedIsFreed},
	{"NotUnexpired", unexpiredIsNotFreed},
	{"NotTheSuccessor", successorIsNotFreed},
	{"NotTheNextClaim", nextClaimIsNotFreed},
	{"Closed", closedIsClosed},
}}

// expiredIsFreed makes no further calls for its claims and outcomes.
func expiredIsFreed(f *fixture) {
	for range 50 {
		short := newClaim()
		short.Lease, short.Retention = f.Tick, f.Tick
		f.win(newKey(), short)
		f.finish(newKey(), newClaim(), backend.Outcome{Bytes: everyByte(), Retention: 2 * f.Tick})
	}
	f.eventually("all records to be freed", func() bool { return f.Held(f, f.store) == 0 })
}

func releasedIsFreed(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.release(key, c.Token))
	f.eventually("the record to be freed", func() bool { return f.Held(f, f.store) == 0 })
}

func unexpiredIsNotFreed(f *fixture) {
	forever := backend.Outcome{Retention: backend.Forever}
	f.win(newKey(), newClaim())
	f.expire(newKey(), newClaim())
	f.finish(newKey(), newClaim(), outcome("an outcome"))
	f.finish(newKey(), newClaim(), forever)
	f.wait(5)
	if n := f.Held(f, f.store); n != 4 {
		f.Errorf("the store holds %d records, want 4", n)
	}
}

// successorIsNotFreed takes over a claim and waits until the replaced claim would
// have been freed.
func successorIsNotFreed(f *fixture) {
	var key backend.Key
	var c backend.Claim
	f.within(func(window time.Duration) error {
		key = newKey()
		first := newClaim()
		first.Retention = window
		f.expire(key, first)
		c = takeover(first)
		_, err := f.store.Claim(f.Context(), key, c)
		return err
	})
	f.alive(key, c)
}

// nextClaimIsNotFreed does the same with a claim that was released.
func nextClaimIsNotFreed(f *fixture) {
	var key backend.Key
	var c backend.Claim
	f.within(func(window time.Duration) error {
		key, c = newKey(), newClaim()
		first := newClaim()
		first.Lease, first.Retention = window, 0
		f.win(key, first)
		f.ok(f.release(key, first.Token))
		_, err := f.store.Claim(f.Context(), key, c)
		return err
	})
	f.alive(key, c)
}

// closedIsClosed applies to stores that are an io.Closer.
func closedIsClosed(f *fixture) {
	closer, ok := f.store.(io.Closer)
	if !ok {
		return
	}
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(closer.Close())
	_, err := f.store.Claim(f.Context(), key, c)
	for _, err := range []error{
		err,
		f.extend(key, c.Token, long, long),
		f.complete(key, c.Token, outcome("an outcome")),
		f.release(key, c.Token),
	} {
		if !errors.Is(err, backend.ErrClosed) {
			f.Errorf("got error %v, want ErrClosed", err)
		}
	}
}
