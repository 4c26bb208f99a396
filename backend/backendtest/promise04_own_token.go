package backendtest

import "github.com/oncewire/idempotency/backend"

var promise04 = group{"Promise04OwnTokenWins", []test{
	{"SentAgain", claimSentAgain},
	{"SentAtOnce", claimSentAtOnce},
	{"SentAgainAfterExtend", claimSentAgainAfterExtend},
	{"SentAgainAfterLapse", claimSentAgainAfterLapse},
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

// claimSentAgainAfterExtend: a late repetition must not undo a heartbeat.
func claimSentAgainAfterExtend(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.ok(f.extend(key, c.Token, 3*long, long))
	if rec := f.win(key, c); rec.LeaseLeft < 2*long {
		f.Errorf("the lease has %v left, want about %v", rec.LeaseLeft, 3*long)
	}
}

// claimSentAgainAfterLapse: it has won, and is not alive by being sent again.
func claimSentAgainAfterLapse(f *fixture) {
	key, c := newKey(), newClaim()
	f.lapse(key, c)
	f.win(key, c)
	f.lapsed(key, c)
}

func claimSentAgainAfterComplete(f *fixture) {
	for _, o := range []backend.Outcome{kept("an outcome"), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		f.same(f.claim(key, c), finished(c, o))
		f.stands(key, finished(c, o))
	}
}
