package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise06 = group{"Promise06Extend", []test{
	{"RunsAnew", extendRunsAnew},
	{"OutlivesTheClaim", extendOutlivesClaim},
	{"RevivesALapsedLease", extendRevives},
	{"ZeroLapsesAtOnce", extendByZero},
	{"RetentionFollows", extendRetention},
	{"ForeverIsNeverOver", extendForever},
}}

// extendRunsAnew makes a lease longer, then shorter, then longer once more.
func extendRunsAnew(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	for _, lease := range []time.Duration{3 * long, long, 2 * long, 2 * long} {
		before := time.Now()
		f.ok(f.extend(key, c.Token, lease, long))
		f.left(f.stands(key, running(c)), lease, before)
	}
}

// extendOutlivesClaim has the record survive the end that its claim had set.
func extendOutlivesClaim(f *fixture) {
	var key backend.Key
	var c backend.Claim
	f.within(func(window time.Duration) error {
		key, c = newKey(), newClaim()
		c.Lease, c.Retention = window, 0
		f.win(key, c)
		return f.extend(key, c.Token, long, long)
	})
	f.alive(key, c)
}

func extendRevives(f *fixture) {
	key, c := newKey(), newClaim()
	f.lapse(key, c)
	f.ok(f.extend(key, c.Token, long, long))
	f.alive(key, c)
	f.same(f.claim(key, takeover(c)), running(c))
}

func extendByZero(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.extend(key, c.Token, 0, long))
	f.lapsed(key, c)
	f.win(key, takeover(c))
}

func extendRetention(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	before := time.Now()
	f.ok(f.extend(key, c.Token, 2*f.Tick, 3*f.Tick))
	f.untilAbsent(key)
	f.lasted(5*f.Tick, before)
}

func extendForever(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.extend(key, c.Token, f.Tick, backend.Forever))
	f.untilLapsed(key)
	f.wait(3)
	f.lapsed(key, c)
}
