package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise11 = group{"Promise11Retention", []test{
	{"Over", retentionOver},
	{"NotOver", retentionNotOver},
	{"ForeverIsNeverOver", retentionForever},
	{"NewAfterwards", newAfterRetention},
	{"OneAtTheMomentOfExpiry", oneWinsAfterRetention},
}}

func retentionOver(f *fixture) {
	for _, o := range []backend.Outcome{kept("an outcome"), notKept()} {
		key, c := newKey(), newClaim()
		o.Retention = 3 * f.Tick
		f.win(key, c)
		before := time.Now()
		f.ok(f.complete(key, c.Token, o))
		f.untilAbsent(key)
		f.lasted(o.Retention, before)
	}
}

func retentionNotOver(f *fixture) {
	key, c, o := newKey(), newClaim(), kept("an outcome")
	f.finish(key, c, o)
	f.wait(5)
	f.stands(key, finished(c, o))
}

// retentionForever starts from a claim that would have ended.
func retentionForever(f *fixture) {
	for _, o := range []backend.Outcome{kept("for ever"), notKept()} {
		var key backend.Key
		c := newClaim()
		o.Retention = backend.Forever
		f.within(func(window time.Duration) error {
			key = newKey()
			c.Lease, c.Retention = window, 0
			f.win(key, c)
			return f.complete(key, c.Token, o)
		})
		f.stands(key, finished(c, o))
	}
}

// newAfterRetention checks that nothing of the old record shines through.
func newAfterRetention(f *fixture) {
	key, old := newKey(), takeover(newClaim())
	f.finish(key, old, backend.Outcome{Bytes: []byte("old"), Retention: f.Tick})
	f.wait(3)
	c, o := newClaim(), kept("")
	f.win(key, c)
	f.lost(f.complete(key, old.Token, kept("old")))
	f.ok(f.complete(key, c.Token, o))
	f.stands(key, finished(c, o))
}

// oneWinsAfterRetention has claims meet outcomes that expire that moment.
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
