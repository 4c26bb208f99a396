package nearcache

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// patience is how long a replay that is in hand may be held up by the question
// how long it may be kept.
const patience = 100 * time.Millisecond

// ask keeps a finished record, once the store has said for how long. Of many
// callers that see the record at a time, one asks.
func (s *store) ask(ctx context.Context, key backend.Key, seen sight, rec backend.Record) {
	e := &entry{record: rec}
	if s.remaining == nil || e.size() > s.maxEntry || !s.mayAsk(key) {
		return
	}
	defer s.asked(key)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	sent := time.Now()
	left, err := s.remaining.RetentionLeft(ctx, key, rec.Token)
	if err != nil {
		return // the replay stands, and the next one asks again
	}
	e.expires = expiryOf(sent, left)
	g := s.guard(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	s.keep(g, key, seen, e)
}

// mayAsk reports whether nobody else is asking for the key. If so, the caller
// says when it has asked.
func (s *store) mayAsk(key backend.Key) bool {
	g := s.guard(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, busy := g.asking[key]; busy {
		return false
	}
	if g.asking == nil {
		g.asking = make(map[backend.Key]struct{})
	}
	g.asking[key] = struct{}{}
	return true
}

func (s *store) asked(key backend.Key) {
	g := s.guard(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.asking, key)
}
