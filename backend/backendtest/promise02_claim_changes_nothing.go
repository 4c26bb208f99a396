package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise02 = group{"Promise02ClaimChangesNothing", []test{
	{"Running", runningUnchanged},
	{"ExpiredLease", expiredUnchanged},
	{"Finished", finishedUnchanged},
	{"ShortClaimsDoNotShorten", losersDoNotShorten},
	{"LongClaimsDoNotProlong", losersDoNotProlong},
}}

func runningUnchanged(f *fixture) {
	key, c := newKey(), newClaim()
	before := time.Now()
	f.win(key, c)
	for range 3 {
		other := newClaim()
		other.Attempt = 7
		other.Lease = 3 * long
		rec := f.claim(key, other)
		f.same(rec, running(c))
		f.left(rec, c.Lease, before)
	}
}

func expiredUnchanged(f *fixture) {
	key, c := newKey(), newClaim()
	f.expire(key, c)
	for range 3 {
		f.expired(key, c)
	}
}

func finishedUnchanged(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), outcome(""), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		for range 3 {
			f.holds(key, finished(c, o))
		}
	}
}

// losersDoNotShorten sends short claims that lose to records with a long lease or
// retention.
func losersDoNotShorten(f *fixture) {
	alive, done := newKey(), newKey()
	c, o := newClaim(), outcome("an outcome")
	f.win(alive, c)
	f.finish(done, c, o)
	for _, key := range []backend.Key{alive, done} {
		short := newClaim()
		short.Lease, short.Retention = f.Tick, 0
		f.claim(key, short)
	}
	f.wait(3)
	f.alive(alive, c)
	f.holds(done, finished(c, o))
}

// losersDoNotProlong sends claims with a long lease until the records expire.
func losersDoNotProlong(f *fixture) {
	lease, retention := newKey(), newKey()
	short := newClaim()
	short.Lease = 2 * f.Tick
	f.win(lease, short)
	f.finish(retention, newClaim(), backend.Outcome{Retention: 2 * f.Tick})
	f.untilExpired(lease)
	f.untilAbsent(retention)
}
