package idempotencytest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/internal/memclock"
)

var (
	_ backend.Store  = (*Store)(nil)
	_ backend.Waiter = (*Store)(nil)
)

// Store is a [backend.Store] in memory that a test controls: its clock, its
// failures, and the death of those that use it. Create it with [NewStore]. It is
// safe for concurrent use, and every method may be called while calls are running,
// also from a handler.
type Store struct {
	memory *memstore.Store
	ahead  memclock.Ahead
	faults faults
	owners owners
}

// NewStore returns an empty store without faults, which is closed when the test
// ends. Hanging calls end then too. The options are those of a memstore; without
// options the store has no limits.
func NewStore(tb testing.TB, options ...memstore.Option) *Store {
	tb.Helper()
	s := &Store{}
	s.memory = memstore.New(append(slices.Clip(options),
		func(c *memclock.Config) { c.Ahead = &s.ahead })...)
	tb.Cleanup(func() {
		s.Recover()
		_ = s.memory.Close() // always nil
	})
	return s
}

// Advance moves the clock of the store on by d, which ends leases and retentions
// without sleeping. When it returns, records whose retention has ended are gone,
// and calls that waited for an expired lease continue. A d that is not positive
// changes nothing. The clock moves by at most 146 years in total.
//
// A handler that is still running does not notice. Its next heartbeat renews the
// expired lease, unless another call has taken the claim over.
func (s *Store) Advance(d time.Duration) { s.ahead.Move(d) }

// Records returns the number of records, running and finished. A record whose
// retention has ended does not count after Advance; without Advance it counts for
// a few milliseconds more.
func (s *Store) Records() int { return s.memory.Len() }

// Claim implements [backend.Store].
func (s *Store) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (rec backend.Record, err error) {
	err = s.faults.call(ctx, Claim, func() error {
		rec, err = s.memory.Claim(ctx, key, claim)
		if err == nil && rec.State == backend.Running && rec.Token == claim.Token {
			s.owners.born(claim.Token)
		}
		return err
	})
	if err != nil {
		return backend.Record{}, err
	}
	return rec, nil
}

// Extend implements [backend.Store].
func (s *Store) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	return s.owned(ctx, Extend, token, func() error {
		return s.memory.Extend(ctx, key, token, lease, retention)
	})
}

// Complete implements [backend.Store].
func (s *Store) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	return s.owned(ctx, Complete, token, func() error {
		return s.memory.Complete(ctx, key, token, outcome)
	})
}

// Release implements [backend.Store].
func (s *Store) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	return s.owned(ctx, Release, token, func() error {
		return s.memory.Release(ctx, key, token)
	})
}

// Wait implements [backend.Waiter].
func (s *Store) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	return s.faults.call(ctx, Wait, func() error { return s.memory.Wait(ctx, key, token) })
}

// owned makes a step of a claim's owner, unless the owner has crashed.
func (s *Store) owned(ctx context.Context, step Step, token backend.Token, call func() error) error {
	return s.faults.call(ctx, step, func() error {
		if s.owners.isDead(token) {
			return backend.ErrClaimLost
		}
		return call()
	})
}
