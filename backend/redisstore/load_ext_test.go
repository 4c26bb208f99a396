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

// callers is how many goroutines a load has.
const callers = 8

// load makes first calls with keys of their own and replays earlier ones, over
// one store, until it is stopped.
type load struct {
	t       *testing.T
	store   backend.Store
	running sync.WaitGroup
	over    atomic.Bool
	killed  time.Time
	callers [callers]caller
}

// caller sends again what fails, as a client would. Its mutex guards what
// others look at while it runs.
type caller struct {
	*load

	calls []*call

	mu        sync.Mutex
	count     int
	failures  int
	succeeded time.Time // last
	failed    time.Time // last
}

// call is what its caller knows of a key.
type call struct {
	key   backend.Key
	claim backend.Claim // the last that won
	won   time.Time
	done  bool // the outcome was acknowledged; it is the text of the token
	fate  fate
}

// fate is what became of the claim or the outcome of a call that the store had
// acknowledged last before the master was killed.
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

// stop lets every caller finish the call that it is in.
func (l *load) stop() {
	l.over.Store(true)
	l.running.Wait()
}

// kill kills the master at a bad moment: the link to its replica has just
// broken, while it acknowledged a few hundred steps more. Those are lost.
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

// run makes calls. One in five is still running when the load stops; one in
// four is followed by a replay.
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

// claim reports whether an answer came before the load was over.
func (c *caller) claim(key backend.Key, claim backend.Claim, found *backend.Record) bool {
	return c.insist(func() error {
		rec, err := c.store.Claim(c.t.Context(), key, claim)
		switch {
		case err != nil:
		case found != nil:
			*found = rec
		case rec.Token != claim.Token:
			c.t.Errorf("the first claim of a key met %v", rec)
		}
		return err
	}) == nil
}

// complete runs the operation of a call that has won. If the claim is lost, it
// runs once more.
func (c *caller) complete(k *call) {
	err := c.insist(func() error {
		return c.store.Complete(c.t.Context(), k.key, k.claim.Token, outcome(k.claim.Token.String()))
	})
	if k.done = err == nil; errors.Is(err, backend.ErrClaimLost) {
		k.meets(claimLost)
		c.claimAgain(k)
	}
}

// claimAgain is for a call whose record is no longer there.
func (c *caller) claimAgain(k *call) {
	next, rec := newClaim(), backend.Record{}
	if !c.claim(k.key, next, &rec) {
		return
	}
	if rec.Token != next.Token {
		c.t.Errorf("a claim was lost, and then %v stood there", rec)
		return
	}
	k.claim = next
	c.complete(k)
}

// replay claims a finished call anew. If that wins, the record was lost; if it
// finds the call running, the replica knew of the claim alone. The operation
// runs once more.
func (c *caller) replay(k *call) {
	next, rec := newClaim(), backend.Record{}
	if !k.done || !c.claim(k.key, next, &rec) {
		return
	}
	switch {
	case rec.Token == next.Token:
		k.meets(outcomeLost)
		k.claim = next
		c.complete(k)
	case rec.State == backend.Running && rec.Token == k.claim.Token:
		k.meets(outcomeLost)
		c.complete(k)
	case !k.replayedBy(rec):
		c.t.Errorf("a replay of %v met %v", k.claim.Token, rec)
	}
}

// meets notes the fate of a call, the first one that it meets.
func (k *call) meets(f fate) {
	if k.fate == unknown {
		k.fate = f
	}
}

func (k *call) replayedBy(rec backend.Record) bool {
	return rec.State == backend.Done && rec.Token == k.claim.Token && string(rec.Outcome) == k.claim.Token.String()
}

// insist tries until the store answers, or gives up when the load is over.
func (c *caller) insist(step func() error) error {
	for {
		err := step()
		answered := err == nil || errors.Is(err, backend.ErrClaimLost)
		c.note(answered)
		if answered || c.over.Load() {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (c *caller) note(answered bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count++; answered {
		c.succeeded = time.Now()
		return
	}
	c.failures++
	c.failed = time.Now()
}

// count returns how many steps were tried.
func (l *load) count() (n int) {
	for i := range l.callers {
		c := &l.callers[i]
		c.mu.Lock()
		n += c.count
		c.mu.Unlock()
	}
	return n
}

// health returns when the last step failed, but not less than since, how many
// did, and whether every caller has been answered after its last failure.
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

// settles waits until all is calm, or must have been.
func (l *load) settles(elected time.Time) {
	for time.Since(elected) < back+calm {
		time.Sleep(20 * time.Millisecond)
		if last, _, well := l.health(elected); well && time.Since(last) > calm {
			return
		}
	}
}

// each has every caller go through calls, its own or those of a neighbour.
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

// settle completes what is still running and replays what is done.
func (l *load) settle() {
	l.each(0, func(c *caller, k *call) {
		if k.done {
			c.replay(k)
			k.meets(outcomeSurvived)
			return
		}
		c.complete(k)
		k.meets(claimSurvived)
	})
}

// replayAll requires that each key has one outcome for all who replay it.
func (l *load) replayAll() {
	for neighbour := range 3 {
		l.each(neighbour, func(c *caller, k *call) {
			rec, err := c.store.Claim(c.t.Context(), k.key, newClaim())
			if err != nil || !k.replayedBy(rec) {
				c.t.Errorf("a replay of %v met %v, %v", k.claim.Token, rec, err)
			}
		})
	}
}

// report prints what became of what was acknowledged. Of calls that began
// after the kill, nothing should be lost.
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
