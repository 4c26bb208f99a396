package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise11 = group{"Promise11Retention", []test{
	{"Ended", retentionEnded},
	{"NotEnded", retentionNotEnded},
	{"ForeverNeverEnds", retentionForever},
	{"NewAfterwards", newAfterRetention},
	{"OneAtTheMomentOfExpiry", oneWinsAfterRetention},
}}

func retentionEnded(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), notKept()} {
		key, c := newKey(), newClaim()
		o.Retention = 3 * f.Tick
		f.win(key, c)
		before := time.Now()
		f.ok(f.complete(key, c.Token, o))
		f.untilAbsent(key)
		f.lasted(o.Retention, before)
	}
}

func retentionNotEnded(f *fixture) {
	key, c, o := newKey(), newClaim(), outcome("an outcome")
	f.finish(key, c, o)
	f.wait(5)
	f.holds(key, finished(c, o))
}

// retentionForever completes claims that would have expired.
func retentionForever(f *fixture) {
	for _, o := range []backend.Outcome{outcome("forever"), notKept()} {
		var key backend.Key
		c := newClaim()
		o.Retention = backend.Forever
		f.within(func(window time.Duration) error {
			key = newKey()
			c.Lease, c.Retention = window, 0
			f.win(key, c)
			return f.complete(key, c.Token, o)
		})
		f.holds(key, finished(c, o))
	}
}

// newAfterRetention checks that nothing of the old record is visible.
func newAfterRetention(f *fixture) {
	key, old := newKey(), takeover(newClaim())
	f.finish(key, old, backend.Outcome{Bytes: []byte("old"), Retention: f.Tick})
	f.wait(3)
	c, o := newClaim(), outcome("")
	f.win(key, c)
	f.claimLost(f.complete(key, old.Token, outcome("old")))
	f.ok(f.complete(key, c.Token, o))
	f.holds(key, finished(c, o))
}

// oneWinsAfterRetention sends claims at the moment at which retentions end.
func oneWinsAfterRetention(f *fixture) {
	const keys = 30
	done := make([]backend.Key, keys)
	for i := range done {
		done[i] = newKey()
	}
	race(keys, func(i int) {
		c := newClaim()
		if _, err := f.store.Claim(f.Context(), done[i], c); err != nil {
			f.Errorf("Claim: %v", err)
			return
		}
		begin := time.Now()
		if err := f.complete(done[i], c.Token, backend.Outcome{Retention: 4 * f.Tick}); err != nil {
			f.Errorf("Complete: %v", err)
			return
		}
		f.contend(10, done[i], c.Token, begin.Add(4*f.Tick), newClaim)
	})
}
