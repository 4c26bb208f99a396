package nearcache

import (
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// guardCount is how many guards the keys are spread over: so many that calls
// with other keys hardly ever stop a call from keeping what it saw. It must be
// a power of two, no more than the 65536 values of two bytes.
const guardCount = 1024

// guard decides what may be kept of some of the keys. A call has a look before
// it asks the store, and keeps what it saw only if nothing has happened since
// that may have changed it.
type guard struct {
	mu         sync.Mutex
	epoch      uint64                   // moves with every purge and with the start of every completion
	completing int                      // completions in progress
	asking     map[backend.Key]struct{} // keys whose time left is being asked for
}

// sight is what a guard looked like when a call began.
type sight struct {
	epoch uint64
	quiet bool // no completion was in progress
}

func (s *store) guard(key backend.Key) *guard {
	return &s.guards[(uint(key[0])|uint(key[1])<<8)%guardCount]
}

// look returns what the guard of key looks like before the store is asked.
func (s *store) look(key backend.Key) sight {
	g := s.guard(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	return sight{epoch: g.epoch, quiet: g.completing == 0}
}

// note keeps that a claim was won here. If a completion was in progress
// meanwhile it may have been one of that very claim, sent before the claim was
// sent again, and so the next would not be the first.
func (s *store) note(key backend.Key, seen sight, e *entry) {
	g := s.guard(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	if seen.quiet {
		s.keep(g, key, seen, e)
	}
}

// begin starts a completion, and takes the note of its claim: nil if there is
// none. The store keeps the first completion of a claim and says the same to
// the second, so only the one that finds the note knows what is recorded, and
// only if no other begins before it ends.
func (s *store) begin(key backend.Key, token backend.Token) (*entry, sight) {
	g := s.guard(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.epoch++
	g.completing++
	e, ok := s.entries.GetIfPresent(key)
	if !ok || !e.notes(token) {
		return nil, sight{epoch: g.epoch}
	}
	s.entries.Invalidate(key)
	return e, sight{epoch: g.epoch}
}

// end ends a completion, and keeps what it recorded; nil if nobody knows.
func (s *store) end(key backend.Key, seen sight, e *entry) {
	g := s.guard(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.completing--
	if e != nil {
		s.keep(g, key, seen, e)
	}
}

// keep stores the entry, unless something happened since the sight. The
// guard's lock is held.
func (s *store) keep(g *guard, key backend.Key, seen sight, e *entry) {
	if g.epoch != seen.epoch || s.closed.Load() || e.size() > s.maxEntry || e.expires.passed(time.Now()) {
		return
	}
	s.entries.Set(key, e)
}

// Purge implements [Store].
func (s *store) Purge(key backend.Key) {
	g := s.guard(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.epoch++
	s.entries.Invalidate(key)
}

// PurgeAll implements [Store].
func (s *store) PurgeAll() {
	for i := range s.guards {
		s.guards[i].advance()
	}
	s.entries.InvalidateAll()
}

func (g *guard) advance() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.epoch++
}
