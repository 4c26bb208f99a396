package backendtest

import "github.com/oncewire/idempotency/backend"

var promise10 = group{"Promise10StaleToken", []test{
	{"Running", staleOnRunning},
	{"ExpiredLease", staleOnExpired},
	{"TakenOver", staleOnTakenOver},
	{"ReleasedAndClaimedAgain", staleOnClaimedAgain},
	{"Finished", staleOnFinished},
	{"FinishedByItself", ownOnFinished},
	{"Absent", callsOnAbsent},
	{"AfterRetention", callsAfterRetention},
}}

// refused requires that all calls with the token are refused.
func (f *fixture) refused(key backend.Key, token backend.Token) {
	f.Helper()
	f.claimLost(f.extend(key, token, 2*long, long))
	f.claimLost(f.extend(key, token, 0, 0))
	f.claimLost(f.complete(key, token, outcome("of a stale owner")))
	f.claimLost(f.complete(key, token, notKept()))
	f.claimLost(f.release(key, token))
}

func staleOnRunning(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.refused(key, newToken())
	f.refused(key, backend.Token{})
	f.alive(key, c)
}

func staleOnExpired(f *fixture) {
	key, c := newKey(), newClaim()
	f.expire(key, c)
	f.refused(key, newToken())
	f.refused(key, backend.Token{})
	f.expired(key, c)
}

// staleOnTakenOver sends calls of the first owner when the claim of its successor is
// running, has expired, and is finished.
func staleOnTakenOver(f *fixture) {
	key, first, o := newKey(), newClaim(), outcome("of the successor")
	f.expire(key, first)
	c := takeover(first)
	f.win(key, c)
	f.refused(key, first.Token)
	f.alive(key, c)

	f.ok(f.extend(key, c.Token, 0, long))
	f.refused(key, first.Token)
	f.expired(key, c)

	f.ok(f.complete(key, c.Token, o))
	f.refused(key, first.Token)
	f.holds(key, finished(c, o))
}

// staleOnClaimedAgain sends a release again, as after a lost reply, when another
// claim has won meanwhile.
func staleOnClaimedAgain(f *fixture) {
	key, first, c := newKey(), newClaim(), newClaim()
	f.win(key, first)
	f.ok(f.release(key, first.Token))
	f.win(key, c)
	f.refused(key, first.Token)
	f.alive(key, c)
}

func staleOnFinished(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), outcome(""), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		f.refused(key, newToken())
		f.refused(key, backend.Token{})
		f.holds(key, finished(c, o))
	}
}

// ownOnFinished: a late heartbeat must not change a finished record.
func ownOnFinished(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		f.claimLost(f.extend(key, c.Token, long, long))
		f.claimLost(f.extend(key, c.Token, 0, 0))
		f.claimLost(f.release(key, c.Token))
		f.holds(key, finished(c, o))
	}
}

func callsOnAbsent(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.release(key, c.Token))
	for _, token := range []backend.Token{c.Token, newToken(), {}} {
		f.claimLost(f.extend(key, token, long, long))
		f.claimLost(f.complete(key, token, outcome("without a claim")))
		f.absent(key)
	}
}

func callsAfterRetention(f *fixture) {
	running, done, c := newKey(), newKey(), newClaim()
	c.Lease, c.Retention = f.Tick, 0
	f.win(running, c)
	f.wait(3)
	f.claimLost(f.extend(running, c.Token, long, long))
	f.claimLost(f.complete(running, c.Token, outcome("too late")))
	f.absent(running)

	c.Lease = long
	f.finish(done, c, backend.Outcome{Retention: f.Tick})
	f.wait(3)
	f.claimLost(f.complete(done, c.Token, outcome("too late")))
	f.absent(done)
}
