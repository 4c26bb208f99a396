package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise02 = group{"Promise02ClaimChangesNothing", []test{
	{"Running", runningStands},
	{"Lapsed", lapsedStands},
	{"Finished", finishedStands},
	{"ShortClaimsDoNotShorten", losersDoNotShorten},
	{"LongClaimsDoNotProlong", losersDoNotProlong},
}}

func runningStands(f *fixture) {
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

func lapsedStands(f *fixture) {
	key, c := newKey(), newClaim()
	f.lapse(key, c)
	for range 3 {
		f.lapsed(key, c)
	}
}

func finishedStands(f *fixture) {
	for _, o := range []backend.Outcome{kept("an outcome"), kept(""), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		for range 3 {
			f.stands(key, finished(c, o))
		}
	}
}

// losersDoNotShorten has short claims lose to records with a long time to go.
func losersDoNotShorten(f *fixture) {
	alive, done := newKey(), newKey()
	c, o := newClaim(), kept("an outcome")
	f.win(alive, c)
	f.finish(done, c, o)
	for _, key := range []backend.Key{alive, done} {
		short := newClaim()
		short.Lease, short.Retention = f.Tick, 0
		f.claim(key, short)
	}
	f.wait(3)
	f.alive(alive, c)
	f.stands(done, finished(c, o))
}

// losersDoNotProlong waits for ends by means of claims that would be long.
func losersDoNotProlong(f *fixture) {
	lapsing, expiring := newKey(), newKey()
	short := newClaim()
	short.Lease = 2 * f.Tick
	f.win(lapsing, short)
	f.finish(expiring, newClaim(), backend.Outcome{Retention: 2 * f.Tick})
	f.untilLapsed(lapsing)
	f.untilAbsent(expiring)
}
