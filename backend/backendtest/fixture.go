package backendtest

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// patience is how long a test waits for something that a correct store does
// soon.
const patience = 30 * time.Second

// fixture is the environment of a test: its own store, and the calls to it. The
// methods that tests are made of are in steps.go and checks.go. Most of them end
// the test when they fail, so only the goroutine of the test may use them.
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

func (f *fixture) extend(key backend.Key, token backend.Token, lease, retention time.Duration) error {
	return f.store.Extend(f.Context(), key, token, lease, retention)
}

func (f *fixture) complete(key backend.Key, token backend.Token, o backend.Outcome) error {
	return f.store.Complete(f.Context(), key, token, o)
}

func (f *fixture) release(key backend.Key, token backend.Token) error {
	return f.store.Release(f.Context(), key, token)
}

// wait waits for the given number of ticks.
func (f *fixture) wait(ticks int) { time.Sleep(time.Duration(ticks) * f.Tick) }

// eventually polls until done returns true.
func (f *fixture) eventually(what string, done func() bool) {
	f.Helper()
	for start := time.Now(); !done(); time.Sleep(f.Tick / 10) {
		if time.Since(start) > patience {
			f.Fatalf("waited %v in vain for %s", patience, what)
		}
	}
}
