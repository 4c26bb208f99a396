package backendtest

import "github.com/oncewire/idempotency/backend"

var promise04 = group{"Promise04OwnTokenWins", []test{
	{"SentAgain", claimSentAgain},
	{"SentAtOnce", claimSentAtOnce},
	{"SentAgainAfterExtend", claimSentAgainAfterExtend},
	{"SentAgainAfterExpiry", claimSentAgainAfterExpiry},
	{"SentAgainAfterComplete", claimSentAgainAfterComplete},
}}

func claimSentAgain(f *fixture) {
	key, c := newKey(), newClaim()
	for range 3 {
		f.win(key, c)
	}
	f.alive(key, c)
}

func claimSentAtOnce(f *fixture) {
	key, c := newKey(), newClaim()
	race(20, func(int) {
		rec, err := f.store.Claim(f.Context(), key, c)
		if err != nil || !equal(rec, running(c)) {
			f.Errorf("got %s, %v, want %s", describe(rec), err, describe(running(c)))
		}
	})
	f.alive(key, c)
}

// claimSentAgainAfterExtend: a repeated claim must not undo a heartbeat.
func claimSentAgainAfterExtend(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.extend(key, c.Token, 3*long, long))
	if rec := f.win(key, c); rec.LeaseLeft < 2*long {
		f.Errorf("the lease has %v left, want about %v", rec.LeaseLeft, 3*long)
	}
}

// claimSentAgainAfterExpiry: the claim has won, and repeating it does not renew the
// lease.
func claimSentAgainAfterExpiry(f *fixture) {
	key, c := newKey(), newClaim()
	f.expire(key, c)
	f.win(key, c)
	f.expired(key, c)
}

func claimSentAgainAfterComplete(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		f.same(f.claim(key, c), finished(c, o))
		f.holds(key, finished(c, o))
	}
}
