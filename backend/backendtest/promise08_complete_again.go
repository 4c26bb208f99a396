package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise08 = group{"Promise08CompleteAgain", []test{
	{"Succeeds", completeSentAgain},
	{"FirstOutcomeStays", firstOutcomeStays},
	{"OneOfMany", oneOutcomeStays},
	{"DoesNotShorten", completeAgainShorter},
	{"DoesNotProlong", completeAgainLonger},
}}

func completeSentAgain(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), outcome(""), notKept()} {
		key, c := newKey(), newClaim()
		f.finish(key, c, o)
		for range 3 {
			f.ok(f.complete(key, c.Token, o))
		}
		f.holds(key, finished(c, o))
	}
}

func firstOutcomeStays(f *fixture) {
	outcomes := []backend.Outcome{outcome("one"), outcome("two"), outcome(""), notKept()}
	for _, first := range outcomes {
		key, c := newKey(), newClaim()
		f.finish(key, c, first)
		for _, o := range outcomes {
			f.ok(f.complete(key, c.Token, o))
		}
		f.holds(key, finished(c, first))
	}
}

// oneOutcomeStays sends many completions at once: all succeed, and every later claim
// returns the same outcome.
func oneOutcomeStays(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	seen := make([]backend.Record, 20)
	race(len(seen), func(i int) {
		if err := f.complete(key, c.Token, outcome(string(rune('a'+i)))); err != nil {
			f.Errorf("Complete: %v", err)
		}
		seen[i], _ = f.store.Claim(f.Context(), key, newClaim())
	})
	for _, rec := range seen {
		f.holds(key, rec)
	}
}

func completeAgainShorter(f *fixture) {
	key, c, o := newKey(), newClaim(), outcome("an outcome")
	f.finish(key, c, o)
	f.ok(f.complete(key, c.Token, backend.Outcome{Bytes: o.Bytes, Retention: f.Tick}))
	f.wait(3)
	f.holds(key, finished(c, o))
}

func completeAgainLonger(f *fixture) {
	var key backend.Key
	f.within(func(window time.Duration) error {
		key = newKey()
		c := newClaim()
		f.finish(key, c, backend.Outcome{Retention: window})
		return f.complete(key, c.Token, backend.Outcome{Retention: long})
	})
	f.untilAbsent(key)
}
