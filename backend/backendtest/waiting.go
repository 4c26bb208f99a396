package backendtest

import (
	"context"
	"errors"

	"github.com/oncewire/idempotency/backend"
)

// waiting tests what a backend.Waiter promises in addition to the numbered
// promises. A Waiter may return early, so no test requires that it waits.
var waiting = group{"Waiting", []test{
	{"NothingToWaitFor", waitForNothing},
	{"Completed", waitForComplete},
	{"Released", waitForRelease},
	{"ExtendedByZero", waitForExtendByZero},
	{"ExpiredLease", waitForExpiry},
	{"TakenOver", waitForTakeover},
	{"ManyWaiters", manyWait},
	{"ContextEnds", waitUntilContextEnds},
}}

// waitFor waits for the claim, at most for the patience of a test.
func (f *fixture) waitFor(key backend.Key, token backend.Token) error {
	ctx, cancel := context.WithTimeout(f.Context(), patience)
	defer cancel()
	return f.store.(backend.Waiter).Wait(ctx, key, token)
}

func waitForNothing(f *fixture) {
	key, c := newKey(), newClaim()
	f.ok(f.waitFor(key, c.Token))
	f.win(key, c)
	f.ok(f.waitFor(key, newToken()))
	f.ok(f.waitFor(key, backend.Token{}))
	f.ok(f.extend(key, c.Token, 0, long))
	f.ok(f.waitFor(key, c.Token))
	f.ok(f.complete(key, c.Token, outcome("an outcome")))
	f.ok(f.waitFor(key, c.Token))
}

// ends requires that n waiters return soon after end.
func (f *fixture) ends(n int, key backend.Key, c backend.Claim, end func() error) {
	race(n+1, func(i int) {
		if i < n {
			if err := f.waitFor(key, c.Token); err != nil {
				f.Errorf("Wait: %v", err)
			}
			return
		}
		f.wait(1)
		if err := end(); err != nil {
			f.Errorf("unexpected error: %v", err)
		}
	})
}

func waitForComplete(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ends(1, key, c, func() error { return f.complete(key, c.Token, outcome("an outcome")) })
}

func waitForRelease(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ends(1, key, c, func() error { return f.release(key, c.Token) })
}

func waitForExtendByZero(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ends(1, key, c, func() error { return f.extend(key, c.Token, 0, long) })
}

func waitForExpiry(f *fixture) {
	key, c := newKey(), newClaim()
	c.Lease = 3 * f.Tick
	f.win(key, c)
	f.ends(1, key, c, func() error { return nil })
}

func waitForTakeover(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ends(1, key, c, func() error {
		if err := f.extend(key, c.Token, 0, long); err != nil {
			return err
		}
		_, err := f.store.Claim(f.Context(), key, takeover(c))
		return err
	})
}

func manyWait(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ends(100, key, c, func() error { return f.complete(key, c.Token, outcome("an outcome")) })
}

// waitUntilContextEnds waits for a claim that does not end. It runs Wait again if it
// returns nil early, as callers do after another claim.
func waitUntilContextEnds(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	ctx, cancel := context.WithTimeout(f.Context(), 2*f.Tick)
	defer cancel()
	f.eventually("Wait to end with its context", func() bool {
		err := f.store.(backend.Waiter).Wait(ctx, key, c.Token)
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			f.Fatalf("Wait: %v, want an error that wraps the context's", err)
		}
		return err != nil
	})
	if err := f.store.(backend.Waiter).Wait(f.canceled(), key, c.Token); !errors.Is(err, context.Canceled) {
		f.Errorf("Wait: %v, want an error that wraps context.Canceled", err)
	}
}
