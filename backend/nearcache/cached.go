package nearcache

import (
	"context"
	"fmt"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// remainingTimeout limits how long a replay is delayed to read the remaining
// retention of its record.
const remainingTimeout = 100 * time.Millisecond

// cachedStore is a Store for a store behind that is not a backend.Waiter.
type cachedStore struct {
	cache     *cache
	behind    backend.Store
	remaining backend.Remaining // nil if the store behind does not implement it
}

// Claim implements [backend.Store]. It returns a cached record without a round
// trip to the store.
func (s *cachedStore) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	if err := s.check(ctx); err != nil {
		return backend.Record{}, err
	}
	now := time.Now()
	if e := s.cache.finished(key, now); e != nil {
		return e.record, nil
	}
	seen := s.cache.stripe(key).snapshot()
	rec, err := s.behind.Claim(ctx, key, claim)
	switch {
	case err != nil:
	case rec.State == backend.Running && rec.Token == claim.Token:
		s.cache.addClaim(key, seen, newClaimEntry(rec, claim, now))
	case rec.State == backend.Done || rec.State == backend.NotKept:
		s.addFinished(ctx, key, seen, rec)
	}
	return rec, err
}

// addFinished reads the remaining retention of a finished record and caches the
// record. If several calls receive the same record at once, only one of them
// reads. If reading fails, the record is not cached, and the next replay tries
// again.
func (s *cachedStore) addFinished(ctx context.Context, key backend.Key, seen snapshot, rec backend.Record) {
	e := &entry{record: rec}
	if s.remaining == nil || e.size() > s.cache.maxEntry || !s.cache.stripe(key).startReading(key) {
		return
	}
	defer s.cache.stripe(key).stopReading(key)
	ctx, cancel := context.WithTimeout(ctx, remainingTimeout)
	defer cancel()
	sent := time.Now()
	left, err := s.remaining.RetentionLeft(ctx, key, rec.Token)
	if err != nil {
		return
	}
	e.expires = newExpiry(sent, left)
	s.cache.add(key, seen, e)
}

// Extend implements [backend.Store].
func (s *cachedStore) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.behind.Extend(ctx, key, token, lease, retention)
}

// Complete implements [backend.Store].
func (s *cachedStore) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	var finished *entry
	claim, seen := s.cache.startCompletion(key, token)
	defer func() { s.cache.stopCompletion(key, seen, finished) }()
	sent := time.Now()
	err := s.behind.Complete(ctx, key, token, outcome)
	if err == nil && claim != nil {
		finished = claim.finished(outcome, sent)
	}
	return err
}

// Release implements [backend.Store].
func (s *cachedStore) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	err := s.behind.Release(ctx, key, token)
	if err == nil {
		s.cache.purge(key) // the entry of the claim; the record is absent now
	}
	return err
}

// Purge implements [Store].
func (s *cachedStore) Purge(key backend.Key) { s.cache.purge(key) }

// PurgeAll implements [Store].
func (s *cachedStore) PurgeAll() { s.cache.purgeAll() }

// Len implements [Store].
func (s *cachedStore) Len() int { return s.cache.entries.EstimatedSize() }

// Bytes implements [Store].
func (s *cachedStore) Bytes() int64 { return int64(s.cache.entries.WeightedSize()) }

// Close implements [Store].
func (s *cachedStore) Close() error {
	s.cache.close()
	return nil
}

// check returns an error if a call must not reach the store.
func (s *cachedStore) check(ctx context.Context) error {
	if s.cache.closed.Load() {
		return backend.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("nearcache: %w", err)
	}
	return nil
}

// Unwrap implements [backend.Unwrapper]: a handler can complete its claim in a
// transaction of the database behind.
func (s *cachedStore) Unwrap() backend.Store { return s.behind }
