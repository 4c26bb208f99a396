package nearcache

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/oncewire/idempotency/backend"
)

// stripeCount is the number of stripes. Calls with keys of the same stripe can
// prevent each other from caching a record, so it is large enough to make that
// rare. Two bytes of a key select its stripe, so it must be a power of two and
// at most 65536.
const stripeCount = 1024

// cache holds entries in memory.
type cache struct {
	maxEntry int64
	entries  *otter.Cache[backend.Key, *entry]
	stripes  [stripeCount]stripe
	closed   atomic.Bool
}

func newCache(c config) (*cache, error) {
	entries, err := otter.New(&otter.Options[backend.Key, *entry]{
		MaximumWeight: uint64(c.maxBytes),
		// No entry is larger than maxEntry, which fits into 32 bits.
		Weigher: func(_ backend.Key, e *entry) uint32 { return uint32(e.size()) },
		// The library only frees expired entries by this time. Every read
		// checks the expiry of the entry.
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[backend.Key, *entry]) time.Duration {
			return e.Value.expires.left()
		}),
		// Maintenance is short, so callers run it. Close then has to wait only
		// for the goroutine that frees expired entries.
		Executor: func(work func()) { work() },
	})
	if err != nil {
		return nil, fmt.Errorf("nearcache: %w", err)
	}
	return &cache{maxEntry: c.maxEntry, entries: entries}, nil
}

func (c *cache) stripe(key backend.Key) *stripe {
	return &c.stripes[(uint(key[0])|uint(key[1])<<8)%stripeCount]
}

// finished returns the entry of the finished record of key, or nil.
func (c *cache) finished(key backend.Key, now time.Time) *entry {
	if e, ok := c.entries.GetIfPresent(key); ok && e.replays(now) {
		return e
	}
	return nil
}

// addClaim adds the entry of a claim that this process has won. It does not if a
// completion was in progress when the claim was sent. That could be a first
// completion of the same claim, sent before the claim was sent again, and
// startCompletion would take the second completion for the first.
func (c *cache) addClaim(key backend.Key, seen snapshot, e *entry) {
	if !seen.completing {
		c.add(key, seen, e)
	}
}

// add adds an entry, unless the stripe has changed since the snapshot.
func (c *cache) add(key backend.Key, seen snapshot, e *entry) {
	s := c.stripe(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.addLocked(s, key, seen, e)
}

func (c *cache) addLocked(s *stripe, key backend.Key, seen snapshot, e *entry) {
	if s.version != seen.version || c.closed.Load() || e.size() > c.maxEntry || e.expires.passed(time.Now()) {
		return
	}
	c.entries.Set(key, e)
}

// startCompletion starts a completion, and removes and returns the entry of its
// claim, if there is one. The store retains the outcome of the first completion
// of a claim and reports success to later ones too. So only the completion that
// gets the entry knows the stored outcome, and only if no other completion
// starts before it stops.
func (c *cache) startCompletion(key backend.Key, token backend.Token) (*entry, snapshot) {
	s := c.stripe(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.completing++
	e, ok := c.entries.GetIfPresent(key)
	if !ok || !e.isClaim(token) {
		return nil, snapshot{version: s.version}
	}
	c.entries.Invalidate(key)
	return e, snapshot{version: s.version}
}

// stopCompletion stops a completion and adds the finished record. The entry is
// nil if the stored outcome is unknown.
func (c *cache) stopCompletion(key backend.Key, seen snapshot, e *entry) {
	s := c.stripe(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.completing--
	if e != nil {
		c.addLocked(s, key, seen, e)
	}
}

func (c *cache) purge(key backend.Key) {
	s := c.stripe(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	c.entries.Invalidate(key)
}

func (c *cache) purgeAll() {
	for i := range c.stripes {
		c.stripes[i].change()
	}
	c.entries.InvalidateAll()
}

// close drops all entries. Calls that want to add an entry after the purge find
// the cache closed.
func (c *cache) close() {
	c.closed.Store(true)
	c.purgeAll()
	c.entries.StopAllGoroutines()
}
