package backendtest

import "github.com/oncewire/idempotency/backend"

var promise10 = group{"Promise10StaleToken", []test{
	{"Running", staleOnRunning},
	{"Lapsed", staleOnLapsed},
	{"TakenOver", staleOnTakenOver},
	{"ReleasedAndClaimedAnew", staleOnClaimedAnew},
	{"Finished", staleOnFinished},
	{"FinishedBySelf", ownOnFinished},
	{"Absent", callsOnAbsent},
	{"Expired", callsOnExpired},
}}

// refused requires that no call with the token is let through.
func (f *fixture) refused(key backend.Key, token backend.Token) {
	f.Helper()
	f.lost(f.extend(key, token, 2*long, long))
	f.lost(f.extend(key, token, 0, 0))
	f.lost(f.complete(key, token, kept("a stale owner's")))
	f.lost(f.complete(key, token, notKept()))
	f.lost(f.release(key, token))
}

func staleOnRunning(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.refused(key, newToken())
	f.refused(key, backend.Token{})
	f.alive(key, c)
}

func staleOnLapsed(f *fixture) {
	key, c := newKey(), newClaim()
	f.lapse(key, c)
	f.refused(key, newToken())
	f.refused(key, backend.Token{})
	f.lapsed(key, c)
}

// staleOnTakenOver has the first owner come back, whether its successor is
// alive, lapsed or done.
func staleOnTakenOver(f *fixture) {
	key, first, o := newKey(), newClaim(), kept("the successor's")
	f.lapse(key, first)
	c := takeover(first)
	f.win(key, c)
	f.refused(key, first.Token)
	f.alive(key, c)

	f.ok(f.extend(key, c.Token, 0, long))
	f.refused(key, first.Token)
	f.lapsed(key, c)

	f.ok(f.complete(key, c.Token, o))
	f.refused(key, first.Token)
	f.stands(key, finished(c, o))
}

// staleOnClaimedAnew repeats a release whose reply was lost, after somebody
// else has claimed.
func staleOnClaimedAnew(f *fixture) {
	key, first, c := newKey(), newClaim(), newClaim()
	f.win(key, first)
	f.ok(f.release(key, first.Token))
	f.win(key, c)
	f.refused(key, first.Token)
	f.alive(key, c)
}

func staleOnFinished(f *fixture) {
	for _, o := range []backend.Outcome{kept("an outcome"), kept(""), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		f.refused(key, newToken())
		f.refused(key, backend.Token{})
		f.stands(key, finished(c, o))
	}
}

// ownOnFinished: a heartbeat that comes too late must not revive the claim.
func ownOnFinished(f *fixture) {
	for _, o := range []backend.Outcome{kept("an outcome"), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		f.lost(f.extend(key, c.Token, long, long))
		f.lost(f.extend(key, c.Token, 0, 0))
		f.lost(f.release(key, c.Token))
		f.stands(key, finished(c, o))
	}
}

func callsOnAbsent(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.release(key, c.Token))
	for _, token := range []backend.Token{c.Token, newToken(), {}} {
		f.lost(f.extend(key, token, long, long))
		f.lost(f.complete(key, token, kept("from nowhere")))
		f.absent(key)
	}
}

func callsOnExpired(f *fixture) {
	lapsed, done, c := newKey(), newKey(), newClaim()
	c.Lease, c.Retention = f.Tick, 0
	f.win(lapsed, c)
	f.wait(3)
	f.lost(f.extend(lapsed, c.Token, long, long))
	f.lost(f.complete(lapsed, c.Token, kept("too late")))
	f.absent(lapsed)

	c.Lease = long
	f.finish(done, c, backend.Outcome{Retention: f.Tick})
	f.wait(3)
	f.lost(f.complete(done, c.Token, kept("again, too late")))
	f.absent(done)
}
