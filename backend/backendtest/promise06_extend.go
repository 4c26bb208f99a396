package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise06 = group{"Promise06Extend", []test{
	{"Restarts", extendRestarts},
	{"OutlivesTheClaim", extendOutlivesClaim},
	{"RenewsAnExpiredLease", extendRenews},
	{"ZeroExpiresAtOnce", extendByZero},
	{"RetentionFollows", extendRetention},
	{"ForeverNeverEnds", extendForever},
}}

// extendRestarts makes a lease longer, then shorter, then longer again.
func extendRestarts(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	for _, lease := range []time.Duration{3 * long, long, 2 * long, 2 * long} {
		before := time.Now()
		f.ok(f.extend(key, c.Token, lease, long))
		f.left(f.holds(key, running(c)), lease, before)
	}
}

// extendOutlivesClaim checks that the record outlives the expiry that Claim set.
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

func extendRenews(f *fixture) {
	key, c := newKey(), newClaim()
	f.expire(key, c)
	f.ok(f.extend(key, c.Token, long, long))
	f.alive(key, c)
	f.same(f.claim(key, takeover(c)), running(c))
}

func extendByZero(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.extend(key, c.Token, 0, long))
	f.expired(key, c)
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
	f.untilExpired(key)
	f.wait(3)
	f.expired(key, c)
}
