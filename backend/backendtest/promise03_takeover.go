package backendtest

import (
	"sync/atomic"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise03 = group{"Promise03Takeover", []test{
	{"Wins", takeoverWins},
	{"NotOfALivingLease", takeoverOfLiving},
	{"NotBeforeTheLastMoment", takeoverAtTheLastMoment},
	{"NotOfAnotherToken", takeoverOfAnother},
	{"NotOfAFinishedRecord", takeoverOfFinished},
	{"SentAgain", takeoverSentAgain},
	{"OneOfMany", oneTakeoverWins},
	{"OneAtTheMomentOfExpiry", oneTakeoverWinsAtExpiry},
	{"HeartbeatOrTakeover", heartbeatOrTakeover},
	{"CompletionOrTakeover", completionOrTakeover},
}}

func takeoverWins(f *fixture) {
	key, c := newKey(), newClaim()
	for range 3 {
		f.expire(key, c)
		c = takeover(c)
		before := time.Now()
		f.left(f.win(key, c), c.Lease, before)
		f.alive(key, c)
	}
}

func takeoverOfLiving(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.same(f.claim(key, takeover(c)), running(c))
	f.alive(key, c)
}

// takeoverAtTheLastMoment sends takeovers closer and closer to the end of a lease. A
// takeover in the last moment of the lease must be refused, and no takeover may be
// refused with an expired lease. If a lease ends between two claims, it shows
// neither, so the test uses many leases. If other claims meet the last moment often
// and takeovers never do, the store takes over too early. For a store that is too
// slow to be called in the last moment, the test has no result.
func takeoverAtTheLastMoment(f *fixture) {
	const enough = 20
	other := func(backend.Claim) backend.Claim { return newClaim() }
	for start, seen := time.Now(), 0; time.Since(start) < patience; {
		if f.meetsTheLastMoment(takeover) {
			return
		}
		if f.meetsTheLastMoment(other) {
			seen++
		}
		if seen == enough {
			f.Fatalf("%d other claims met the last moment of a lease, and no takeover was refused then", enough)
		}
	}
}

// meetsTheLastMoment sends claims for a key whose lease ends soon, until the lease has
// expired. It reports whether the previous claim met the last moment of the lease.
func (f *fixture) meetsTheLastMoment(next func(of backend.Claim) backend.Claim) bool {
	moment := max(f.Resolution, time.Millisecond)
	key, c := newKey(), newClaim()
	c.Lease = f.Tick
	f.win(key, c)
	for closest := c.Lease; ; time.Sleep(max(closest-moment, moment/8)) {
		claim := next(c)
		rec := f.claim(key, claim)
		ended := rec.Token == claim.Token || rec.LeaseLeft <= 0
		if ended && rec.Token != claim.Token && claim.Replaces == c.Token {
			f.Fatalf("a takeover was refused with %v of the lease left", rec.LeaseLeft)
		}
		if ended {
			return closest <= moment
		}
		f.same(rec, running(c))
		closest = rec.LeaseLeft
	}
}

// takeoverOfAnother tries to replace every token except that of the record.
func takeoverOfAnother(f *fixture) {
	key, first := newKey(), newClaim()
	f.expire(key, first)
	second := takeover(first)
	f.expire(key, second)
	for _, replaces := range []backend.Token{{}, first.Token, newToken()} {
		c := newClaim()
		c.Replaces = replaces
		f.same(f.claim(key, c), running(second))
		f.expired(key, second)
	}
}

func takeoverOfFinished(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), notKept()} {
		key, c := newKey(), newClaim()
		f.expire(key, c)
		f.ok(f.complete(key, c.Token, o))
		f.same(f.claim(key, takeover(c)), finished(c, o))
		f.holds(key, finished(c, o))
	}
}

// takeoverSentAgain sends a takeover again, as after a lost reply.
func takeoverSentAgain(f *fixture) {
	key, first := newKey(), newClaim()
	f.expire(key, first)
	c := takeover(first)
	for range 3 {
		f.win(key, c)
	}
	f.ok(f.extend(key, c.Token, 0, long))
	f.win(key, c)
	f.expired(key, c)
}

func oneTakeoverWins(f *fixture) {
	key, c := newKey(), newClaim()
	f.expire(key, c)
	f.contend(300, key, c.Token, time.Now(), func() backend.Claim { return takeover(c) })
}

// oneTakeoverWinsAtExpiry sends 300 takeovers at the moment at which leases expire.
func oneTakeoverWinsAtExpiry(f *fixture) {
	race(30, func(int) {
		key, c := newKey(), newClaim()
		c.Lease = 4 * f.Tick
		begin := time.Now()
		if _, err := f.store.Claim(f.Context(), key, c); err != nil {
			f.Errorf("Claim: %v", err)
			return
		}
		f.contend(10, key, c.Token, begin.Add(c.Lease), func() backend.Claim { return takeover(c) })
	})
}

// heartbeatOrTakeover races the owner's heartbeat with a takeover.
func heartbeatOrTakeover(f *fixture) {
	f.ownerOrSuccessor(func(key backend.Key, token backend.Token) error {
		return f.extend(key, token, long, long)
	})
}

// completionOrTakeover races the owner's completion with a takeover.
func completionOrTakeover(f *fixture) {
	f.ownerOrSuccessor(func(key backend.Key, token backend.Token) error {
		return f.complete(key, token, outcome("an outcome"))
	})
}

// ownerOrSuccessor requires that exactly one call succeeds: the owner's call or one
// of the takeovers.
func (f *fixture) ownerOrSuccessor(call func(backend.Key, backend.Token) error) {
	for range 20 {
		key, c := newKey(), newClaim()
		f.expire(key, c)
		var owners atomic.Int32
		race(9, func(i int) {
			if i == 0 && call(key, c.Token) == nil || i > 0 && f.takesOver(key, c) {
				owners.Add(1)
			}
		})
		if n := owners.Load(); n != 1 {
			f.Fatalf("%d calls won the record, want 1", n)
		}
	}
}

// takesOver reports whether a takeover has won.
func (f *fixture) takesOver(key backend.Key, of backend.Claim) bool {
	c := takeover(of)
	rec, err := f.store.Claim(f.Context(), key, c)
	if err != nil {
		f.Errorf("Claim: %v", err)
	}
	return rec.Token == c.Token
}
