package backendtest

import "github.com/oncewire/idempotency/backend"

var promise09 = group{"Promise09Release", []test{
	{"NextClaimWins", releaseFrees},
	{"ExpiredLease", releaseExpired},
	{"AbsentSucceeds", releaseAbsent},
	{"NotOfAFinishedRecord", releaseFinished},
}}

func releaseFrees(f *fixture) {
	key := newKey()
	for range 3 {
		c := newClaim()
		f.win(key, c)
		f.ok(f.release(key, c.Token))
	}
	f.absent(key)
}

func releaseExpired(f *fixture) {
	key, c := newKey(), newClaim()
	f.expire(key, c)
	f.ok(f.release(key, c.Token))
	f.absent(key)
}

// releaseAbsent releases keys that were never claimed, were released, or whose
// retention has ended.
func releaseAbsent(f *fixture) {
	never, gone, over, c := newKey(), newKey(), newKey(), newClaim()
	f.ok(f.release(never, newToken()))

	f.win(gone, c)
	f.ok(f.release(gone, c.Token))
	f.ok(f.release(gone, c.Token))

	c.Lease, c.Retention = f.Tick, 0
	f.win(over, c)
	f.wait(3)
	f.ok(f.release(over, c.Token))
	f.ok(f.release(over, newToken()))
	f.absent(over)
}

func releaseFinished(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		f.claimLost(f.release(key, c.Token))
		f.holds(key, finished(c, o))
	}
}
