package redisstore_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/redistest"
)

// callers is the number of goroutines of a load.
const callers = 8

// load makes first calls with new keys and replays earlier ones, with one store,
// until it is stopped.
type load struct {
	t       *testing.T
	store   backend.Store
	running sync.WaitGroup
	over    atomic.Bool
	killed  time.Time
	callers [callers]caller
}

// caller retries what fails, as a client would. Its mutex protects the fields that
// other goroutines read.
type caller struct {
	*load

	calls []*call

	mu        sync.Mutex
	count     int
	failures  int
	succeeded time.Time // last
	failed    time.Time // last
}

// call is what the caller knows about a key.
type call struct {
	key   backend.Key
	claim backend.Claim // the last claim that won
	won   time.Time
	done  bool // the outcome, the text of the token, was acknowledged
	fate  fate
}

// fate is what happened to the claim or outcome that the store had acknowledged last
// before the master was killed.
type fate int

const (
	unknown fate = iota
	claimSurvived
	claimLost
	outcomeSurvived
	outcomeLost
)

func (l *load) start() {
	for i := range l.callers {
		c := &l.callers[i]
		c.load = l
		l.running.Go(c.run)
	}
	l.t.Cleanup(l.stop)
}

// stop stops every caller after its current call.
func (l *load) stop() {
	l.over.Store(true)
	l.running.Wait()
}

// kill kills the master after it has acknowledged a few hundred steps without its
// replica, so that these steps are lost.
func (l *load) kill(master, replica *redistest.Server) {
	client := redis.NewClient(&redis.Options{Addr: master.Addr()})
	defer client.Close()
	replica.Pause()
	defer replica.Resume()
	ok(l.t, client.Do(l.t.Context(), "client", "kill", "type", "replica").Err())
	reached := l.count() + 300
	eventually(l.t, "more load", func() bool { return l.count() > reached })
	master.Kill()
	l.killed = time.Now()
}

// run makes calls. One in five is never completed before the load stops; one in four
// is followed by a replay.
func (c *caller) run() {
	for n := 0; !c.over.Load(); n++ {
		c.first(n%5 == 0)
		if n%4 == 0 {
			c.replay(c.calls[rand.IntN(len(c.calls))])
		}
		time.Sleep(3 * time.Millisecond)
	}
}

func (c *caller) first(slow bool) {
	k := &call{key: newKey(), claim: newClaim()}
	c.calls = append(c.calls, k)
	if !c.claim(k.key, k.claim, nil) {
		return
	}
	k.won = time.Now()
	if !slow {
		c.complete(k)
	}
}

// claim reports whether the store replied before the load was over.
func (c *caller) claim(key backend.Key, claim backend.Claim, found *backend.Record) bool {
	return c.insist(func() error {
		rec, err := c.store.Claim(c.t.Context(), key, claim)
		switch {
		case err != nil:
		case found != nil:
			*found = rec
		case rec.Token != claim.Token:
			c.t.Errorf("the first claim of a key got %v", rec)
		}
		return err
	}) == nil
}

// complete runs the operation of a call that has won. If the claim is lost, the
// operation runs again.
func (c *caller) complete(k *call) {
	err := c.insist(func() error {
		return c.store.Complete(c.t.Context(), k.key, k.claim.Token, outcome(k.claim.Token.String()))
	})
	if k.done = err == nil; errors.Is(err, backend.ErrClaimLost) {
		k.setFate(claimLost)
		c.claimAgain(k)
	}
}

// claimAgain claims again for a call whose record is absent.
func (c *caller) claimAgain(k *call) {
	next, rec := newClaim(), backend.Record{}
	if !c.claim(k.key, next, &rec) {
		return
	}
	if rec.Token != next.Token {
		c.t.Errorf("a claim was lost, and then the record was %v", rec)
		return
	}
	k.claim = next
	c.complete(k)
}

// replay claims the key of a finished call. If the claim wins, the record was lost. If
// the call is running, the replica had only the claim. In both cases the operation
// runs again.
func (c *caller) replay(k *call) {
	next, rec := newClaim(), backend.Record{}
	if !k.done || !c.claim(k.key, next, &rec) {
		return
	}
	switch {
	case rec.Token == next.Token:
		k.setFate(outcomeLost)
		k.claim = next
		c.complete(k)
	case rec.State == backend.Running && rec.Token == k.claim.Token:
		k.setFate(outcomeLost)
		c.complete(k)
	case !k.replayedBy(rec):
		c.t.Errorf("a replay of %v got %v", k.claim.Token, rec)
	}
}

// setFate sets the fate of a call if it is not set.
func (k *call) setFate(f fate) {
	if k.fate == unknown {
		k.fate = f
	}
}

func (k *call) replayedBy(rec backend.Record) bool {
	return rec.State == backend.Done && rec.Token == k.claim.Token && string(rec.Outcome) == k.claim.Token.String()
}

// insist retries until the step succeeds, or the load is over.
func (c *caller) insist(step func() error) error {
	for {
		err := step()
		replied := err == nil || errors.Is(err, backend.ErrClaimLost)
		c.addStep(replied)
		if replied || c.over.Load() {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// addStep counts a step and its result.
func (c *caller) addStep(replied bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count++; replied {
		c.succeeded = time.Now()
		return
	}
	c.failures++
	c.failed = time.Now()
}

// count returns the number of steps.
func (l *load) count() (n int) {
	for i := range l.callers {
		c := &l.callers[i]
		c.mu.Lock()
		n += c.count
		c.mu.Unlock()
	}
	return n
}

// health returns when the last step failed, or since if that is later; how many steps
// failed; and whether every caller has succeeded after its last failure.
func (l *load) health(since time.Time) (last time.Time, failures int, well bool) {
	last, well = since, true
	for i := range l.callers {
		c := &l.callers[i]
		c.mu.Lock()
		failures += c.failures
		well = well && c.succeeded.After(c.failed) && c.succeeded.After(since)
		if c.failed.After(last) {
			last = c.failed
		}
		c.mu.Unlock()
	}
	return last, failures, well
}

// untilCalm waits until all calls succeed, or the time for that has passed.
func (l *load) untilCalm(elected time.Time) {
	for time.Since(elected) < back+calm {
		time.Sleep(20 * time.Millisecond)
		if last, _, well := l.health(elected); well && time.Since(last) > calm {
			return
		}
	}
}

// each runs do for the calls of every caller, in the goroutine of that caller or of
// another one.
func (l *load) each(neighbour int, do func(c *caller, k *call)) {
	for i := range l.callers {
		l.running.Go(func() {
			for _, k := range l.callers[(i+neighbour)%callers].calls {
				if !k.won.IsZero() {
					do(&l.callers[i], k)
				}
			}
		})
	}
	l.running.Wait()
}

// completeAll completes running calls and replays finished ones.
func (l *load) completeAll() {
	l.each(0, func(c *caller, k *call) {
		if k.done {
			c.replay(k)
			k.setFate(outcomeSurvived)
			return
		}
		c.complete(k)
		k.setFate(claimSurvived)
	})
}

// replayAll requires that all replays of a key return the same outcome.
func (l *load) replayAll() {
	for neighbour := range 3 {
		l.each(neighbour, func(c *caller, k *call) {
			rec, err := c.store.Claim(c.t.Context(), k.key, newClaim())
			if err != nil || !k.replayedBy(rec) {
				c.t.Errorf("a replay of %v got %v, %v", k.claim.Token, rec, err)
			}
		})
	}
}

// report logs the fates of all calls. No call that started after the kill should be
// lost.
func (l *load) report() {
	var counts [2][outcomeLost + 1]int // before the kill, and after
	for i := range l.callers {
		for _, k := range l.callers[i].calls {
			when := 0
			if k.won.After(l.killed) {
				when = 1
			}
			counts[when][k.fate]++
		}
	}
	for when, n := range counts {
		l.t.Logf("calls begun %s the kill: %d claims survived and %d were lost; %d outcomes survived and %d were lost",
			[]string{"before", "after"}[when], n[claimSurvived], n[claimLost], n[outcomeSurvived], n[outcomeLost])
	}
}
