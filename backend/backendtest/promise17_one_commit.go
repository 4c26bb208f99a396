package backendtest

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise17 = group{"Promise17OneCommit", []test{
	{"Both", commitsBoth},
	{"WithoutWrites", commitsWithoutWrites},
	{"DiscardWrites", discardsWrites},
	{"RetentionEnds", committedRetentionEnds},
	{"RetentionStartsAtCommit", retentionStartsAtCommit},
	{"Forever", committedForever},
	{"AsCompleteDoes", commitsAsCompleteDoes},
	{"ManyAtOnce", manyCommit},
}}

func commitsBoth(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), outcome(""), outcome(string(everyByte())), notKept()} {
		key, c := newKey(), newClaim()
		t := f.writing(key, c)
		t.commit(o)
		t.wrote(true)
		f.holds(key, finished(c, o))
		f.finds(key, newClaim(), finished(c, o))
	}
}

func commitsWithoutWrites(f *fixture) {
	key, c := newKey(), newClaim()
	f.open(key, c).commit(outcome("an outcome"))
	f.holds(key, finished(c, outcome("an outcome")))
}

// discardsWrites decides before or after the handler writes.
func discardsWrites(f *fixture) {
	for _, early := range []bool{false, true} {
		key, c := newKey(), newClaim()
		t := f.open(key, c)
		if early {
			t.DiscardWrites()
		}
		t.write()
		t.DiscardWrites()
		t.commit(outcome("declined"))
		t.wrote(false)
		f.holds(key, finished(c, outcome("declined")))
	}
}

func committedRetentionEnds(f *fixture) {
	key := newKey()
	t := f.writing(key, newClaim())
	t.commit(backend.Outcome{Bytes: []byte("an outcome"), Retention: f.Tick})
	f.untilAbsent(key)
	t.wrote(true)
	f.eventually("the claim alone to be held", func() bool { return f.Held(f, f.store) == 1 })
}

// retentionStartsAtCommit runs for longer than the outcome is retained.
func retentionStartsAtCommit(f *fixture) {
	retention := 4 * f.Tick
	key, c := newKey(), newClaim()
	t := f.open(key, c)
	f.wait(6)
	before := time.Now()
	t.commit(backend.Outcome{Retention: retention})
	f.untilAbsent(key)
	f.lasted(retention, before)
}

func committedForever(f *fixture) {
	key, c := newKey(), newClaim()
	c.Lease, c.Retention = f.Tick, 0
	forever := backend.Outcome{Bytes: []byte("an outcome"), Retention: backend.Forever}
	f.open(key, c).commit(forever)
	f.wait(5)
	f.holds(key, finished(c, forever))
}

// commitsAsCompleteDoes: later steps with the token are those of a finished record.
func commitsAsCompleteDoes(f *fixture) {
	key, c, o := newKey(), newClaim(), outcome("an outcome")
	f.open(key, c).commit(o)
	f.ok(f.complete(key, c.Token, outcome("another")))
	f.claimLost(f.extend(key, c.Token, long, long))
	f.claimLost(f.release(key, c.Token))
	f.claimLost(f.complete(key, newToken(), outcome("another")))
	f.holds(key, finished(c, o))
	if _, ok := f.store.(backend.Remaining); ok {
		left, err := f.retentionLeft(key, c.Token)
		f.ok(err)
		if left > long+f.Resolution || left < long-patience {
			f.Errorf("%v left, want about %v", left, long)
		}
	}
}

// manyCommit ends transactions of different keys at the same time.
func manyCommit(f *fixture) {
	all := make([]*opened, 8)
	for i := range all {
		all[i] = f.writing(newKey(), newClaim())
	}
	errs := make([]error, len(all))
	race(len(all), func(i int) {
		if i%2 == 0 {
			errs[i] = all[i].Commit(f.Context(), outcome(all[i].text))
		} else {
			errs[i] = all[i].Rollback(f.Context())
		}
	})
	for i, o := range all {
		if i%2 == 0 {
			o.consistent(outcome(o.text), errs[i])
		} else {
			o.wrote(false)
			f.free(o.key)
		}
	}
}
