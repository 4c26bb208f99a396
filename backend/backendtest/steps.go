package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

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

// expire wins the key and expires the lease, without waiting.
func (f *fixture) expire(key backend.Key, c backend.Claim) {
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

// absent requires that the key is absent, and leaves it absent.
func (f *fixture) absent(key backend.Key) {
	f.Helper()
	c := newClaim()
	f.win(key, c)
	f.ok(f.release(key, c.Token))
}

// untilExpired waits until the lease of the record of key has expired.
func (f *fixture) untilExpired(key backend.Key) {
	f.Helper()
	f.eventually("the lease to expire", func() bool {
		rec := f.claim(key, newClaim())
		return rec.Expired()
	})
}

// untilAbsent waits until key is absent. It polls with claims that have a long
// lease, so it fails for a store in which claims that lose prolong the record.
func (f *fixture) untilAbsent(key backend.Key) {
	f.Helper()
	f.eventually("the retention to end", func() bool {
		c := newClaim()
		return f.claim(key, c).Token == c.Token
	})
}

// within runs try with a window of time to make its calls in. If the calls take
// longer, it runs try again with a longer window, so that a slow machine does not
// make a correct store fail. It returns after the window has passed.
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
