// Package memstore keeps idempotency records in the memory of this process.
//
// It is the store for a service that runs as one process, and for tests. It
// keeps every promise of package backend by the monotonic clock of the
// process, and its records end with the process: where a retry may reach
// another process, or the same one after a restart, use redisstore.
//
// A Store is safe for concurrent use. It has no goroutine of its own, and a
// timer only while it holds something that will expire.
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

// shardCount is how many locks the keys are spread over. It must be a power
// of two, no more than the 256 values of a byte.
const shardCount = 64

// Store is a [backend.Store] in memory. Create it with [New].
type Store struct {
	opened  time.Time
	records quota
	bytes   quota
	shards  [shardCount]shard
}

// New returns an empty store. Without options it has no limits. A nil option
// changes nothing.
func New(opts ...Option) *Store {
	s := &Store{opened: time.Now()}
	for _, opt := range opts {
		if opt != nil {
			opt(s)
		}
	}
	for i := range s.shards {
		s.shards[i].open(s)
	}
	return s
}

// Claim implements [backend.Store]. It returns [backend.ErrFull] when the key
// is absent and the store is at a limit of its own.
func (s *Store) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	sh, now, err := s.enter(ctx, key)
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
	case rec.yields(claim, now):
		sh.start(rec, claim, now)
	}
	return rec.view(now), nil
}

// Extend implements [backend.Store].
func (s *Store) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	sh, now, err := s.enter(ctx, key)
	if err != nil {
		return err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	if !rec.runs(token) {
		return backend.ErrClaimLost
	}
	sh.lease(rec, now, lease, retention)
	return nil
}

// Complete implements [backend.Store]. It keeps the slice of the outcome and
// makes no copy.
func (s *Store) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	sh, now, err := s.enter(ctx, key)
	if err != nil {
		return err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	switch {
	case rec.runs(token):
		sh.finish(rec, outcome, now)
		return nil
	case rec != nil && rec.token == token:
		return nil
	default:
		return backend.ErrClaimLost
	}
}

// Release implements [backend.Store].
func (s *Store) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	sh, now, err := s.enter(ctx, key)
	if err != nil {
		return err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	switch {
	case rec == nil:
		return nil
	case rec.runs(token):
		sh.remove(rec, now)
		return nil
	default:
		return backend.ErrClaimLost
	}
}

// Left implements [backend.Remaining].
func (s *Store) Left(ctx context.Context, key backend.Key, token backend.Token) (time.Duration, error) {
	sh, now, err := s.enter(ctx, key)
	if err != nil {
		return 0, err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	switch {
	case !rec.finished(token):
		return 0, backend.ErrClaimLost
	case rec.expires == never:
		return backend.Forever, nil
	default:
		return rec.expires.until(now), nil
	}
}

// Len returns how many records the store holds. A record that has expired
// counts until it is freed, which is a few milliseconds later.
func (s *Store) Len() int { return int(s.records.used.Load()) }

// Bytes returns how much the store holds, counted as [WithMaxBytes] counts.
func (s *Store) Bytes() int64 { return s.bytes.used.Load() }

// Close frees every record and wakes every waiter. All calls that follow get
// [backend.ErrClosed], except Close itself, which may be called again. It
// returns no error.
func (s *Store) Close() error {
	for i := range s.shards {
		s.shards[i].close()
	}
	return nil
}

// enter locks the shard of key for one call, and returns the time of that
// call. The caller unlocks the shard unless there is an error.
func (s *Store) enter(ctx context.Context, key backend.Key) (*shard, instant, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, contextEnded(err)
	}
	sh := &s.shards[key[0]%shardCount]
	sh.mu.Lock()
	if sh.closed {
		sh.mu.Unlock()
		return nil, 0, backend.ErrClosed
	}
	// Under the lock, so that time never runs backwards from call to call.
	return sh, s.now(), nil
}

// contextEnded is the error of a call whose context has ended.
func contextEnded(err error) error { return fmt.Errorf("memstore: %w", err) }
