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
	{"OneAtTheMomentOfLapse", oneTakeoverWinsAtLapse},
	{"HeartbeatOrTakeover", heartbeatOrTakeover},
	{"CompletionOrTakeover", completionOrTakeover},
}}

func takeoverWins(f *fixture) {
	key, c := newKey(), newClaim()
	for range 3 {
		f.lapse(key, c)
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

// takeoverAtTheLastMoment sends takeovers ever closer to the end of a lease. One
// must be refused that finds the last moment of it, as often as other claims do;
// and none may be refused that finds nothing left. A lease that ends between two
// claims shows neither, so there are many leases; a store that is too slow to be
// asked at such a moment proves nothing.
func takeoverAtTheLastMoment(f *fixture) {
	const enough = 20
	another := func(backend.Claim) backend.Claim { return newClaim() }
	for start, seen := time.Now(), 0; time.Since(start) < patience; {
		if f.meetsTheLastMoment(takeover) {
			return
		}
		if f.meetsTheLastMoment(another) {
			seen++
		}
		if seen == enough {
			f.Fatalf("%d other claims found the last moment of a lease, and no takeover was refused there", enough)
		}
	}
}

// meetsTheLastMoment sends claims to a key whose lease ends soon, until one finds
// it ended. It reports whether the one before has found the last moment.
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
			f.Fatalf("a takeover was refused that found %v of the lease left", rec.LeaseLeft)
		}
		if ended {
			return closest <= moment
		}
		f.same(rec, running(c))
		closest = rec.LeaseLeft
	}
}

// takeoverOfAnother names every token but the one that stands.
func takeoverOfAnother(f *fixture) {
	key, first := newKey(), newClaim()
	f.lapse(key, first)
	second := takeover(first)
	f.lapse(key, second)
	for _, named := range []backend.Token{{}, first.Token, newToken()} {
		c := newClaim()
		c.Replaces = named
		f.same(f.claim(key, c), running(second))
		f.lapsed(key, second)
	}
}

func takeoverOfFinished(f *fixture) {
	for _, o := range []backend.Outcome{kept("an outcome"), notKept()} {
		key, c := newKey(), newClaim()
		f.lapse(key, c)
		f.ok(f.complete(key, c.Token, o))
		f.same(f.claim(key, takeover(c)), finished(c, o))
		f.stands(key, finished(c, o))
	}
}

// takeoverSentAgain repeats a takeover whose reply was lost.
func takeoverSentAgain(f *fixture) {
	key, first := newKey(), newClaim()
	f.lapse(key, first)
	c := takeover(first)
	for range 3 {
		f.win(key, c)
	}
	f.ok(f.extend(key, c.Token, 0, long))
	f.win(key, c)
	f.lapsed(key, c)
}

func oneTakeoverWins(f *fixture) {
	key, c := newKey(), newClaim()
	f.lapse(key, c)
	f.contend(300, key, c.Token, time.Now(), func() backend.Claim { return takeover(c) })
}

// oneTakeoverWinsAtLapse has 300 claims meet leases that lapse that moment.
func oneTakeoverWinsAtLapse(f *fixture) {
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
		return f.complete(key, token, kept("an outcome"))
	})
}

// ownerOrSuccessor requires that either the owner's call succeeds or one of
// the takeovers does, whoever comes first.
func (f *fixture) ownerOrSuccessor(call func(backend.Key, backend.Token) error) {
	for range 20 {
		key, c := newKey(), newClaim()
		f.lapse(key, c)
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

// takesOver reports whether a takeover won.
func (f *fixture) takesOver(key backend.Key, of backend.Claim) bool {
	c := takeover(of)
	rec, err := f.store.Claim(f.Context(), key, c)
	if err != nil {
		f.Errorf("Claim: %v", err)
	}
	return rec.Token == c.Token
}
