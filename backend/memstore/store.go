package memstore

import (
	"context"
	"fmt"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var (
	_ backend.Store     = (*Store)(nil)
	_ backend.Waiter    = (*Store)(nil)
	_ backend.Remaining = (*Store)(nil)
)

// shardCount is the number of shards, each with a lock of its own. The first
// byte of a key selects its shard, so it must be a power of two and at most 256.
const shardCount = 64

// Store is a [backend.Store] in memory. Create it with [New].
type Store struct {
	clock  clock
	usage  usage
	shards [shardCount]shard
}

// New returns an empty store. Without options it has no limits. A nil option
// changes nothing.
func New(options ...Option) *Store {
	var c config
	for _, option := range options {
		if option != nil {
			option(&c)
		}
	}
	s := &Store{clock: clock{time.Now(), c.Ahead}}
	s.usage.records.limit, s.usage.bytes.limit = int64(c.MaxRecords), c.MaxBytes
	for i := range s.shards {
		s.shards[i].open(s.clock, &s.usage)
	}
	if c.Ahead != nil {
		c.Ahead.OnMove(s.clockMoved)
	}
	return s
}

// Claim implements [backend.Store]. It returns [backend.ErrFull] if the key is
// absent and the store has reached a limit.
func (s *Store) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	sh, now, err := s.lock(ctx, key)
	if err != nil {
		return backend.Record{}, err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	switch {
	case rec == nil:
		if rec = sh.add(key); rec == nil {
			return backend.Record{}, backend.ErrFull
		}
		sh.start(rec, claim, now)
	case rec.isReplacedBy(claim, now):
		sh.start(rec, claim, now)
	}
	return rec.view(now), nil
}

// Extend implements [backend.Store].
func (s *Store) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	sh, now, err := s.lock(ctx, key)
	if err != nil {
		return err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	if !rec.isRunning(token) {
		return backend.ErrClaimLost
	}
	sh.startLease(rec, now, lease, retention)
	return nil
}

// Complete implements [backend.Store]. It stores the slice of the outcome
// without a copy.
func (s *Store) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	sh, now, err := s.lock(ctx, key)
	if err != nil {
		return err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	switch {
	case rec.isRunning(token):
		sh.finish(rec, outcome, now)
		return nil
	case rec.isFinished(token):
		return nil
	default:
		return backend.ErrClaimLost
	}
}

// Release implements [backend.Store].
func (s *Store) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	sh, now, err := s.lock(ctx, key)
	if err != nil {
		return err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	switch {
	case rec == nil:
		return nil
	case rec.isRunning(token):
		sh.remove(rec, now)
		return nil
	default:
		return backend.ErrClaimLost
	}
}

// RetentionLeft implements [backend.Remaining].
func (s *Store) RetentionLeft(ctx context.Context, key backend.Key, token backend.Token) (time.Duration, error) {
	sh, now, err := s.lock(ctx, key)
	if err != nil {
		return 0, err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	if !rec.isFinished(token) {
		return 0, backend.ErrClaimLost
	}
	if expiry := sh.queue.expiry(rec); expiry != never {
		return expiry.until(now), nil
	}
	return backend.Forever, nil
}

// Len returns the number of records in the store. An expired record counts until
// it is freed, which happens within a few milliseconds.
func (s *Store) Len() int {
	n, _ := s.size()
	return n
}

// Bytes returns the size of all records, as [WithMaxBytes] counts it.
func (s *Store) Bytes() int64 {
	_, bytes := s.size()
	return bytes
}

// size adds up the shards, one after the other.
func (s *Store) size() (records int, bytes int64) {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		records += sh.records.len()
		bytes += sh.bytes
		sh.mu.Unlock()
	}
	return records, bytes
}

// Close frees every record and wakes every waiter. Calls after Close return
// [backend.ErrClosed], except Close itself, which may be called again. It always
// returns nil.
func (s *Store) Close() error {
	for i := range s.shards {
		s.shards[i].close()
	}
	return nil
}

// clockMoved makes the store follow its clock, which a test moved on.
func (s *Store) clockMoved() {
	for i := range s.shards {
		s.shards[i].clockMoved()
	}
}

// lock locks the shard of key for one call, and returns the time of the call.
// The caller unlocks the shard unless there is an error.
func (s *Store) lock(ctx context.Context, key backend.Key) (*shard, instant, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, contextEnded(err)
	}
	sh := &s.shards[key[0]%shardCount]
	sh.mu.Lock()
	if sh.closed {
		sh.mu.Unlock()
		return nil, 0, backend.ErrClosed
	}
	// Read the time under the lock, so that it never decreases between calls.
	return sh, s.clock.now(), nil
}

// contextEnded returns the error of a call whose context has ended with err.
func contextEnded(err error) error { return fmt.Errorf("memstore: %w", err) }
