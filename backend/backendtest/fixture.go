package backendtest

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

const (
	// long is a lease or retention that does not end during a test.
	long = time.Hour
	// patience is how long a test waits for what a true store does soon.
	patience = 30 * time.Second
)

// fixture is what a test works with: its own store, and the steps that most
// tests are made of. A step that fails ends the test, so steps are for the
// test's own goroutine.
type fixture struct {
	testing.TB
	Harness

	store backend.Store
}

// claim sends the claim.
func (f *fixture) claim(key backend.Key, c backend.Claim) backend.Record {
	f.Helper()
	rec, err := f.store.Claim(f.Context(), key, c)
	if err != nil {
		f.Fatalf("Claim: %v", err)
	}
	return rec
}

// win sends a claim that must win.
func (f *fixture) win(key backend.Key, c backend.Claim) backend.Record {
	f.Helper()
	rec := f.claim(key, c)
	if rec.Token != c.Token {
		f.Fatalf("Claim lost to %s, must win", describe(rec))
	}
	f.same(rec, running(c))
	return rec
}

// lapse wins the key and lets the lease lapse, without any waiting.
func (f *fixture) lapse(key backend.Key, c backend.Claim) {
	f.Helper()
	f.win(key, c)
	f.ok(f.extend(key, c.Token, 0, c.Retention))
}

// finish wins the key and completes the claim.
func (f *fixture) finish(key backend.Key, c backend.Claim, o backend.Outcome) {
	f.Helper()
	f.win(key, c)
	f.ok(f.complete(key, c.Token, o))
}

func (f *fixture) extend(key backend.Key, token backend.Token, lease, retention time.Duration) error {
	return f.store.Extend(f.Context(), key, token, lease, retention)
}

func (f *fixture) complete(key backend.Key, token backend.Token, o backend.Outcome) error {
	return f.store.Complete(f.Context(), key, token, o)
}

func (f *fixture) release(key backend.Key, token backend.Token) error {
	return f.store.Release(f.Context(), key, token)
}

// wait lets the given number of ticks pass.
func (f *fixture) wait(ticks int) { time.Sleep(time.Duration(ticks) * f.Tick) }

// untilLapsed waits until the record of key has lapsed.
func (f *fixture) untilLapsed(key backend.Key) {
	f.Helper()
	f.eventually("the lease to lapse", func() bool {
		rec := f.claim(key, newClaim())
		return rec.Expired()
	})
}

// untilAbsent waits until key is absent. Each look is a claim with a long
// lease, so a store that lets losers prolong a record waits in vain.
func (f *fixture) untilAbsent(key backend.Key) {
	f.Helper()
	f.eventually("the record to expire", func() bool {
		c := newClaim()
		return f.claim(key, c).Token == c.Token
	})
}

// eventually polls until done.
func (f *fixture) eventually(what string, done func() bool) {
	f.Helper()
	for start := time.Now(); !done(); time.Sleep(f.Tick / 10) {
		if time.Since(start) > patience {
			f.Fatalf("waited %v in vain for %s", patience, what)
		}
	}
}

// within gives try a window of time to make its calls in, and a longer one if
// they took longer than that; so a slow machine is not taken for a broken
// store. It returns when the window is over.
func (f *fixture) within(try func(window time.Duration) error) {
	f.Helper()
	for window := 2 * f.Tick; window < patience; window *= 2 {
		start := time.Now()
		err := try(window)
		if time.Since(start) < window-f.Resolution {
			f.ok(err)
			time.Sleep(window + 2*f.Tick)
			return
		}
	}
	f.Fatalf("two calls took longer than %v", patience)
}
