package backendtest

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise19 = group{"Promise19BeginFinds", []test{
	{"Finished", beginFindsFinished},
	{"Lease", beginFindsLease},
	{"Expired", beginFindsExpired},
	{"NotReplaced", beginDoesNotReplace},
	{"HoldsNothing", findingHoldsNothing},
	{"AfterRetention", beginAfterRetention},
	{"ContextEnded", beginWithoutContext},
	{"Closed", beginOfClosed},
}}

func beginFindsFinished(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), outcome(""), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		f.finds(key, newClaim(), finished(c, o))
		f.finds(key, takeover(c), finished(c, o))
		f.holds(key, finished(c, o))
	}
}

// beginFindsLease: the record of a claim that runs elsewhere, which it does not touch.
func beginFindsLease(f *fixture) {
	key, c := newKey(), newClaim()
	before := time.Now()
	f.win(key, c)
	f.left(f.finds(key, newClaim(), running(c)), c.Lease, before)
	f.ok(f.extend(key, c.Token, long, long))
	f.alive(key, c)
	f.ok(f.complete(key, c.Token, outcome("an outcome")))
	f.finds(key, newClaim(), finished(c, outcome("an outcome")))
}

func beginFindsExpired(f *fixture) {
	key, c := newKey(), newClaim()
	f.expire(key, c)
	if rec := f.finds(key, newClaim(), running(c)); !rec.Expired() {
		f.Errorf("the lease has %v left, must have expired", rec.LeaseLeft)
	}
	f.expired(key, c)
}

// beginDoesNotReplace names a lease that lives, and an expired one by a wrong token.
func beginDoesNotReplace(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.finds(key, takeover(c), running(c))
	f.alive(key, c)
	f.ok(f.extend(key, c.Token, 0, long))
	f.finds(key, takeover(newClaim()), running(c))
	f.expired(key, c)
}

// findingHoldsNothing begins more often than a store can have connections.
func findingHoldsNothing(f *fixture) {
	key, c := newKey(), newClaim()
	f.finish(key, c, outcome("an outcome"))
	for range 100 {
		f.finds(key, newClaim(), finished(c, outcome("an outcome")))
	}
	other := newKey()
	f.win(other, c)
	f.finds(other, newClaim(), running(c))
	f.ok(f.release(other, c.Token))
	f.free(other)
}

// beginAfterRetention allows for a store that frees the old record at the very moment
// of the commit, which then fails.
func beginAfterRetention(f *fixture) {
	key := newKey()
	f.finish(key, newClaim(), backend.Outcome{Retention: f.Tick})
	f.wait(3)
	c := newClaim()
	err := f.open(key, c).Commit(f.Context(), outcome("the next"))
	if errors.Is(err, backend.ErrNotCommitted) {
		err = f.open(key, c).Commit(f.Context(), outcome("the next"))
	}
	f.ok(err)
	f.holds(key, finished(c, outcome("the next")))
}

func beginWithoutContext(f *fixture) {
	for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
		ctx, key := f.canceled(), newKey()
		if errors.Is(want, context.DeadlineExceeded) {
			expired, cancel := context.WithDeadline(f.Context(), time.Now().Add(-time.Second))
			defer cancel()
			ctx = expired
		}
		_, transaction, err := f.begin(ctx, key, newClaim())
		if !errors.Is(err, want) || transaction != nil {
			f.Errorf("Begin: transaction %t, %v, want an error that wraps %v", transaction != nil, err, want)
		}
		f.free(key)
	}
}

// beginOfClosed applies to stores that are an io.Closer.
func beginOfClosed(f *fixture) {
	closer, ok := f.store.(io.Closer)
	if !ok {
		return
	}
	f.ok(closer.Close())
	if _, transaction, err := f.begin(f.Context(), newKey(), newClaim()); !errors.Is(err, backend.ErrClosed) || transaction != nil {
		f.Errorf("Begin: transaction %t, %v, want ErrClosed", transaction != nil, err)
	}
}
