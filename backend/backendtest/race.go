package backendtest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// race runs do in n goroutines at the same time, and returns when all are done.
func race(n int, do func(i int)) {
	var runners sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		runners.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	runners.Wait()
}

// contend makes n goroutines send their own claims, starting shortly before the
// given time, until the record of key no longer has the loser's token. Exactly one
// must win, and none may get an error.
func (f *fixture) contend(n int, key backend.Key, loser backend.Token, at time.Time, claim func() backend.Claim) {
	time.Sleep(time.Until(at) - f.Tick/4)
	var winners atomic.Int32
	race(n, func(int) {
		c := claim()
		rec := f.outlast(key, loser, c)
		if rec.Token == c.Token {
			winners.Add(1)
		}
	})
	if n := winners.Load(); n != 1 {
		f.Errorf("%d claims won, want 1", n)
	}
}

// outlast sends the claim until the record of key no longer has the loser's token,
// and returns the record.
func (f *fixture) outlast(key backend.Key, loser backend.Token, c backend.Claim) backend.Record {
	for start := time.Now(); time.Since(start) < patience; f.pause(start) {
		rec, err := f.store.Claim(f.Context(), key, c)
		if err != nil {
			f.Errorf("Claim: %v", err)
			return rec
		}
		if rec.Token != loser {
			return rec
		}
	}
	f.Errorf("waited %v in vain for the claim to end", patience)
	return backend.Record{}
}

// pause waits between two claims: very briefly at first, and for a tick after that
// time has passed.
func (f *fixture) pause(start time.Time) {
	pause := f.Tick / 64
	if time.Since(start) > f.Tick {
		pause = f.Tick
	}
	time.Sleep(pause)
}
