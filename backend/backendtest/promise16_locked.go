package backendtest

import (
	"context"
	"errors"

	"github.com/oncewire/idempotency/backend"
)

var promise16 = group{"Promise16Locked", []test{
	{"UntilCommit", lockedUntilCommit},
	{"UntilRollback", lockedUntilRollback},
	{"OwnToken", ownTokenIsLocked},
	{"OtherKeysAreNot", otherKeysAreNotLocked},
	{"InsideIsRunning", insideIsRunning},
	{"InsideOfTwo", insideOfTwo},
	{"InsideAfterTheEnd", insideAfterTheEnd},
	{"WaitForCommit", waitForCommit},
	{"WaitForRollback", waitForRollback},
	{"WaitUntilContextEnds", waitWhileOpen},
	{"ClaimUnderLease", claimWhileOpen},
	{"LateOwner", lateOwnerWhileOpen},
}}

func lockedUntilCommit(f *fixture) {
	key, c := newKey(), newClaim()
	o := f.open(key, c)
	for range 3 {
		f.locked(key, newClaim())
	}
	o.commit(outcome("an outcome"))
	f.finds(key, newClaim(), finished(c, outcome("an outcome")))
}

func lockedUntilRollback(f *fixture) {
	key := newKey()
	o := f.open(key, newClaim())
	f.locked(key, newClaim())
	o.rollBack()
	f.absent(key)
}

// ownTokenIsLocked sends the claim again, from outside of its transaction.
func ownTokenIsLocked(f *fixture) {
	key, c := newKey(), newClaim()
	o := f.open(key, c)
	f.locked(key, c)
	o.rollBack()
}

func otherKeysAreNotLocked(f *fixture) {
	key, c := newKey(), newClaim()
	first, second := f.writing(newKey(), newClaim()), f.writing(newKey(), newClaim())
	f.finish(key, c, outcome("an outcome"))
	f.finds(key, newClaim(), finished(c, outcome("an outcome")))
	second.end(outcome("of the second"))
	first.rollBack()
	first.wrote(false)
}

func insideIsRunning(f *fixture) {
	key, c := newKey(), newClaim()
	o := f.writing(key, c)
	for range 2 {
		rec, transaction, err := f.begin(o.ctx, key, newClaim())
		if err != nil || transaction != nil {
			f.Fatalf("Begin: transaction %t, %v, want the record of the claim", transaction != nil, err)
		}
		f.same(rec, running(c))
	}
	o.commit(outcome("an outcome"))
	o.wrote(true)
}

// insideOfTwo opens a transaction of another key within the first. They end apart.
func insideOfTwo(f *fixture) {
	outer := f.writing(newKey(), newClaim())
	inner := f.openIn(outer.ctx, newKey(), newClaim())
	inner.write()
	for _, o := range []*opened{outer, inner} {
		rec, transaction, err := f.begin(inner.ctx, o.key, newClaim())
		if err != nil || transaction != nil {
			f.Fatalf("Begin: transaction %t, %v, want the record of the claim", transaction != nil, err)
		}
		f.same(rec, running(o.claim))
	}
	f.locked(outer.key, newClaim())
	inner.end(outcome("of the inner"))
	outer.rollBack()
	outer.wrote(false)
}

// insideAfterTheEnd begins with a context that a handler left behind.
func insideAfterTheEnd(f *fixture) {
	key, c := newKey(), newClaim()
	o := f.open(key, c)
	o.commit(outcome("an outcome"))
	rec, transaction, err := f.begin(o.ctx, key, newClaim())
	if err != nil || transaction != nil {
		f.Fatalf("Begin: transaction %t, %v, want the finished record", transaction != nil, err)
	}
	f.same(rec, finished(c, outcome("an outcome")))
}

func waitForCommit(f *fixture) {
	f.waitForEnd(func(o *opened) error { return o.Commit(f.Context(), outcome("an outcome")) })
}

func waitForRollback(f *fixture) {
	f.waitForEnd(func(o *opened) error { return o.Rollback(f.Context()) })
}

// waitForEnd applies to stores that are a backend.Waiter. It ends one of two
// transactions: callers that wait for the other one may not keep it from ending.
func (f *fixture) waitForEnd(end func(*opened) error) {
	if _, ok := f.store.(backend.Waiter); !ok {
		return
	}
	o, other := f.open(newKey(), newClaim()), f.open(newKey(), newClaim())
	f.ends(20, o.key, backend.Claim{}, func() error {
		if err := end(o); !errors.Is(err, backend.ErrNotCommitted) {
			return err
		}
		return nil // it has ended as well
	})
	f.ends(1, other.key, backend.Claim{}, func() error { return other.Rollback(f.Context()) })
	f.ok(f.waitFor(o.key, backend.Token{}))
}

func waitWhileOpen(f *fixture) {
	waiter, ok := f.store.(backend.Waiter)
	if !ok {
		return
	}
	o := f.open(newKey(), newClaim())
	ctx, cancel := context.WithTimeout(f.Context(), 2*f.Tick)
	defer cancel()
	f.eventually("Wait to end with its context", func() bool {
		err := waiter.Wait(ctx, o.key, backend.Token{})
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			f.Fatalf("Wait: %v, want an error that wraps the context's", err)
		}
		return err != nil
	})
	o.rollBack()
	f.free(o.key)
}

// claimWhileOpen claims under a lease while a transaction holds the key. It never sees
// the transaction. If it wins, nothing of the transaction is committed.
func claimWhileOpen(f *fixture) {
	key, leased := newKey(), newClaim()
	o := f.writing(key, newClaim())
	ctx, cancel := context.WithTimeout(f.Context(), 2*f.Tick)
	defer cancel()
	rec, claimErr := f.store.Claim(ctx, key, leased)
	err := o.Commit(f.Context(), outcome("an outcome"))
	switch {
	case claimErr == nil:
		f.same(rec, running(leased))
		f.notCommitted(o, err)
		f.alive(key, leased)
	case errors.Is(claimErr, context.DeadlineExceeded) && err != nil: // it was applied though
		f.notCommitted(o, err)
		f.win(key, leased)
	case errors.Is(claimErr, backend.ErrLocked), errors.Is(claimErr, context.DeadlineExceeded):
		f.ok(err)
		o.wrote(true)
		f.holds(key, finished(o.claim, outcome("an outcome")))
	default:
		f.Fatalf("Claim: %v", claimErr)
	}
}

func (f *fixture) notCommitted(o *opened, err error) {
	f.Helper()
	if !errors.Is(err, backend.ErrNotCommitted) {
		f.Fatalf("Commit: %v, want ErrNotCommitted", err)
	}
	o.wrote(false)
}

// lateOwnerWhileOpen has the owner of an expired claim finish it while a transaction
// takes it over. One of the two loses.
func lateOwnerWhileOpen(f *fixture) {
	key, first := newKey(), newClaim()
	f.expire(key, first)
	o := f.writing(key, takeover(first))
	late := make(chan error)
	go func() { late <- f.complete(key, first.Token, outcome("of the first")) }()
	f.wait(1)
	err := o.Commit(f.Context(), outcome("an outcome"))
	if <-late == nil {
		f.notCommitted(o, err)
		f.holds(key, finished(first, outcome("of the first")))
		return
	}
	f.ok(err)
	o.wrote(true)
	f.holds(key, finished(o.claim, outcome("an outcome")))
}
