package idempotencytest

import (
	"sync"

	"github.com/oncewire/idempotency/backend"
)

// Crash does to the store what the death of the process does in which all calls
// run that have a claim now. Their claims stay, and no heartbeat or finish of
// these calls reaches the store any more. So their keys are in progress until the
// leases end, for instance by [Store.Advance]; after that the policy for abandoned
// calls decides (Policy.OnAbandoned), and a handler that runs again sees
// Execution.Recovered.
//
// The handlers themselves cannot be stopped. Call Crash from the handler, or from
// a fake that it uses, at the place where the process is to die, and ignore the
// answer: a client of a dead process gets none. A handler that goes on loses its
// lease at its next heartbeat, after a third of the lease, which cancels its
// context.
func (s *Store) Crash() { s.owners.crash() }

// CrashNext crashes the owner of the next claim that is made, and of that one
// only: its handler runs to its end, and its effect happens, but nothing is
// recorded. It is [Store.Crash] for handlers that a test cannot reach into. Called
// n times, it crashes the next n owners.
func (s *Store) CrashNext() { s.owners.crashNext() }

// owners knows by the tokens of claims which owners have crashed.
type owners struct {
	mu     sync.Mutex
	dead   map[backend.Token]bool // false while the owner lives
	doomed int                    // owners of claims to come that crash
}

// born notes the owner of a claim that has won, perhaps once more.
func (o *owners) born(token backend.Token) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, known := o.dead[token]; known {
		return
	}
	if o.dead == nil {
		o.dead = map[backend.Token]bool{}
	}
	o.dead[token] = o.doomed > 0
	o.doomed = max(o.doomed-1, 0)
}

func (o *owners) isDead(token backend.Token) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dead[token]
}

func (o *owners) crash() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for token := range o.dead {
		o.dead[token] = true
	}
}

func (o *owners) crashNext() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.doomed++
}
