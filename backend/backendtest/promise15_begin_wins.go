package backendtest

import (
	"errors"
	"sync"

	"github.com/oncewire/idempotency/backend"
)

var promise15 = group{"Promise15BeginWins", []test{
	{"Absent", beginAbsent},
	{"Expired", beginExpired},
	{"ValuesAreStored", beginStoresValues},
	{"NotVisible", openIsNotVisible},
	{"RolledBack", rolledBackIsAbsent},
	{"RolledBackTakeover", rolledBackTakeover},
	{"RolledBackForgetsNothing", rolledBackAndAgain},
	{"NeedsNoHeartbeat", openNeedsNoHeartbeat},
	{"OneOfMany", oneOfManyOpens},
	{"OneTakesOver", oneTakesOver},
}}

func beginAbsent(f *fixture) {
	key, c := newKey(), newClaim()
	f.open(key, c).commit(outcome("an outcome"))
	f.holds(key, finished(c, outcome("an outcome")))
}

func beginExpired(f *fixture) {
	key, first := newKey(), newClaim()
	f.expire(key, first)
	c := takeover(first)
	f.open(key, c).commit(outcome("an outcome"))
	f.holds(key, finished(c, outcome("an outcome")))
	f.claimLost(f.complete(key, first.Token, outcome("too late")))
}

func beginStoresValues(f *fixture) {
	for first := 0; first < 256; first += 32 {
		key, c := newKey(), newClaim()
		for i := range c.Fingerprint {
			c.Fingerprint[i] = byte(first + i)
		}
		c.Attempt = 1<<32 - 1 - uint32(first)
		f.open(key, c).commit(outcome(""))
		f.holds(key, finished(c, outcome("")))
	}
}

// openIsNotVisible opens a transaction of an absent key, and one that takes over.
func openIsNotVisible(f *fixture) {
	for _, expired := range []bool{false, true} {
		key, c, before := newKey(), newClaim(), backend.Record{}
		if expired {
			first := newClaim()
			f.expire(key, first)
			c, before = takeover(first), running(first)
		}
		o := f.writing(key, c)
		rec, transaction, err := f.begin(f.Context(), key, newClaim())
		if transaction != nil || !equal(rec, before) && !errors.Is(err, backend.ErrLocked) {
			f.Fatalf("Begin: %s, transaction %t, %v, want ErrLocked", describe(rec), transaction != nil, err)
		}
		o.wrote(false)
		o.commit(outcome("an outcome"))
		f.holds(key, finished(c, outcome("an outcome")))
	}
}

func rolledBackIsAbsent(f *fixture) {
	key := newKey()
	for range 3 {
		o := f.writing(key, newClaim())
		o.rollBack()
		o.wrote(false)
		f.free(key)
	}
	f.absent(key)
	f.eventually("the records to be freed", func() bool { return f.Held(f, f.store) == 0 })
}

// rolledBackTakeover: the expired claim is there again, and its owner can finish it.
func rolledBackTakeover(f *fixture) {
	key, first := newKey(), newClaim()
	f.expire(key, first)
	f.writing(key, takeover(first)).rollBack()
	f.expired(key, first)
	f.writing(key, takeover(first)).rollBack()
	f.ok(f.complete(key, first.Token, outcome("of the first")))
	f.holds(key, finished(first, outcome("of the first")))
}

func rolledBackAndAgain(f *fixture) {
	key, c := newKey(), newClaim()
	f.writing(key, c).rollBack()
	o := f.writing(key, c) // the same claim
	o.commit(outcome("an outcome"))
	o.wrote(true)
	f.holds(key, finished(c, outcome("an outcome")))
}

// openNeedsNoHeartbeat waits until the claim would have expired under a lease.
func openNeedsNoHeartbeat(f *fixture) {
	key, c := newKey(), newClaim()
	c.Lease, c.Retention = f.Tick, f.Tick
	o := f.writing(key, c)
	f.wait(5)
	f.locked(key, takeover(c))
	o.commit(outcome("an outcome"))
	o.wrote(true)
	f.holds(key, finished(c, outcome("an outcome")))
}

func oneOfManyOpens(f *fixture) { f.oneOpens(newKey(), newClaim) }

func oneTakesOver(f *fixture) {
	key, first := newKey(), newClaim()
	f.expire(key, first)
	f.oneOpens(key, func() backend.Claim { return takeover(first) })
}

// oneOpens sends many claims at once. One must win, and the others see nothing of it.
func (f *fixture) oneOpens(key backend.Key, claim func() backend.Claim) {
	f.Helper()
	var mu sync.Mutex
	var winners []backend.Transaction
	race(50, func(int) {
		rec, transaction, err := f.begin(f.Context(), key, claim())
		switch {
		case errors.Is(err, backend.ErrLocked) && transaction == nil:
		case err == nil && transaction != nil:
			mu.Lock()
			defer mu.Unlock()
			winners = append(winners, transaction)
		default:
			f.Errorf("Begin: %s, transaction %t, %v", describe(rec), transaction != nil, err)
		}
	})
	for _, transaction := range winners {
		if err := transaction.Rollback(f.Context()); err != nil {
			f.Errorf("Rollback: %v", err)
		}
	}
	if len(winners) != 1 {
		f.Errorf("%d claims won, want 1", len(winners))
	}
}
