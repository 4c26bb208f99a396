package nearcache

import (
	"sync"

	"github.com/oncewire/idempotency/backend"
)

// stripe is the state of some of the keys. It decides whether a call may cache
// the record that it has received: the call takes a snapshot before it sends a
// step to the store, and caches the record only if the stripe has not changed
// since.
type stripe struct {
	mu         sync.Mutex
	version    uint64                   // changes with every purge and every start of a completion
	completing int                      // completions in progress
	reading    map[backend.Key]struct{} // keys whose remaining retention is being read
}

// snapshot is the state of a stripe when a call began.
type snapshot struct {
	version    uint64
	completing bool // a completion was in progress
}

// change makes all snapshots outdated.
func (s *stripe) change() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
}

// snapshot returns the current state.
func (s *stripe) snapshot() snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return snapshot{version: s.version, completing: s.completing > 0}
}

// startReading reports whether no other call is reading the remaining retention
// of key. If so, the caller must run stopReading afterwards.
func (s *stripe) startReading(key backend.Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, busy := s.reading[key]; busy {
		return false
	}
	if s.reading == nil {
		s.reading = make(map[backend.Key]struct{})
	}
	s.reading[key] = struct{}{}
	return true
}

func (s *stripe) stopReading(key backend.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.reading, key)
}
