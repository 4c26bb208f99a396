package idempotencytest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/oncewire/idempotency/internal/fault"
)

// Step is a step that the engine makes at the store.
type Step string

// The steps. A call claims its key, extends the claim while its handler runs, and
// completes or releases it at the end; to abandon a claim is to extend it by zero.
// Another call with the key waits meanwhile, if Policy.Wait says so.
const (
	Claim    Step = "claim"
	Extend   Step = "extend"
	Complete Step = "complete"
	Release  Step = "release"
	Wait     Step = "wait"
)

// ErrReplyLost is the error of a step whose reply [Store.LoseReplies] lost.
var ErrReplyLost = errors.New("idempotencytest: reply lost")

// errNoReason is the error of Fail(nil).
var errNoReason = errors.New("idempotencytest: store failed")

// Fail makes steps fail with the error, until [Store.Recover]. They change
// nothing in the store. Without steps, all do. A nil error stands for one without
// a meaning. It replaces an earlier Fail, LoseReplies or Hang of the steps.
func (s *Store) Fail(err error, steps ...Step) {
	if err == nil {
		err = errNoReason
	}
	s.faults.set(steps, func() *active { return &active{fault: fault.Fault{Err: err}, left: unlimited} })
}

// LoseReplies makes the store lose the replies of the next n calls of each of the
// steps: the store does what they ask, and they return [ErrReplyLost]. Without
// steps, the first n of any step. An n of zero or less means none. It replaces an
// earlier Fail, LoseReplies or Hang of the steps.
func (s *Store) LoseReplies(n int, steps ...Step) {
	lose := func() *active {
		return &active{fault: fault.Fault{Err: ErrReplyLost, Applied: true}, left: max(n, 0)}
	}
	if len(steps) == 0 { // they share the number
		shared := lose()
		lose = func() *active { return shared }
	}
	s.faults.set(steps, lose)
}

// Hang makes steps hang until their context ends, and then return its error, or
// until [Store.Recover] or the end of the test; then they go on. Without steps,
// all do. It replaces an earlier Fail, LoseReplies or Hang of the steps; those
// that hang already are not affected.
func (s *Store) Hang(steps ...Step) {
	healed := s.faults.healing()
	s.faults.set(steps, func() *active { return &active{fault: fault.Fault{Hang: true, Healed: healed}, left: unlimited} })
}

// Recover ends all faults, and lets hanging steps go on. It does not bring back
// owners that crashed, and leaves the clock as it is.
func (s *Store) Recover() { s.faults.recover() }

var everyStep = []Step{Claim, Extend, Complete, Release, Wait}

// unlimited is the number of calls of a fault that only Recover ends.
const unlimited = -1

// faults are the faults of the steps.
type faults struct {
	mu     sync.Mutex
	active map[Step]*active
	healed chan struct{} // closed by recover; nil if no step hangs
}

// active is a fault, and the number of calls that it still affects. Several steps
// can share it.
type active struct {
	fault fault.Fault
	left  int
}

// set sets the fault of the steps, or of all. A new one is made for each step.
func (f *faults) set(steps []Step, next func() *active) {
	if len(steps) == 0 {
		steps = everyStep
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.active == nil {
		f.active = map[Step]*active{}
	}
	for _, step := range steps {
		if !slices.Contains(everyStep, step) {
			panic("idempotencytest: unknown step " + string(step))
		}
		f.active[step] = next()
	}
}

// call makes a call of the step with its fault.
func (f *faults) call(ctx context.Context, step Step, call func() error) error {
	return f.next(step).Call(ctx, call)
}

// next returns the fault of the next call of the step.
func (f *faults) next(step Step) fault.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.active[step]
	if a == nil || a.left == 0 {
		return fault.Fault{}
	}
	if a.left > 0 {
		a.left--
	}
	return a.fault
}

// healing returns a channel that is closed when the store recovers.
func (f *faults) healing() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.healed == nil {
		f.healed = make(chan struct{})
	}
	return f.healed
}

func (f *faults) recover() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = nil
	if f.healed != nil {
		close(f.healed)
		f.healed = nil
	}
}
