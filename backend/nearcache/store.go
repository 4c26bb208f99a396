// Package nearcache answers replays without a round trip. It keeps finished
// records in the memory of this process, in front of any [backend.Store]:
//
//	store, err := nearcache.New(redisstore)
//	engine, err := idempotency.New(store)
//
// A finished record does not change until it expires, so what is kept is never
// out of date as long as it is not kept for too long. The time it may be kept
// is known in two cases. A call that this process has run and recorded itself
// is kept from then on. Of a record that another process finished, the first
// replay asks the store how much of its retention is left, in a second round
// trip, if the store is [backend.Remaining]; without that it is not kept.
// Running records are never answered from memory.
//
// Kept records are dropped a thousandth of their time early, which covers
// clocks that do not run equally fast, and as soon as either the monotonic or
// the wall clock says so, since the former may stand still while the machine
// sleeps.
//
// Who removes a finished record from the store by hand, or empties the store,
// calls Purge or PurgeAll in each process afterwards.
package nearcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/oncewire/idempotency/backend"
)

// Store is a [backend.Store] with a near cache. It keeps all promises of the
// store it stands on, and is a [backend.Waiter] if that one is. A claim must
// be completed through the Store that won it. It is safe for concurrent use.
type Store interface {
	backend.Store
	// Close drops what is kept and stops what runs in the background. All
	// calls that follow get [backend.ErrClosed], except Close itself, which
	// may be called again. It returns no error. The store behind stays open:
	// it belongs to the caller.
	io.Closer

	// Purge drops what is kept of key, and makes calls in progress keep
	// nothing of what they have seen. Call it when the record has been removed
	// from the store; no claim made from then on is answered with it.
	Purge(key backend.Key)
	// PurgeAll is Purge for all keys.
	PurgeAll()

	// Len returns how many entries are kept: a finished record each, or the
	// note of a running claim. One that has expired counts until it is freed,
	// within a few seconds.
	Len() int
	// Bytes returns how much is kept, counted as [WithMaxBytes] counts.
	Bytes() int64
}

// New returns a store that keeps finished records of the given one in memory.
// The error names every option that cannot be honoured.
func New(behind backend.Store, options ...Option) (Store, error) {
	if behind == nil {
		return nil, errors.New("nearcache: no store")
	}
	config, err := configure(options)
	if err != nil {
		return nil, err
	}
	entries, err := otter.New(config.otter())
	if err != nil {
		return nil, fmt.Errorf("nearcache: %w", err)
	}
	s := &store{config: config, behind: behind, entries: entries}
	s.remaining, _ = behind.(backend.Remaining)
	if waiter, ok := behind.(backend.Waiter); ok {
		return &waitingStore{store: s, waiter: waiter}, nil
	}
	return s, nil
}

// store is a Store on one that cannot wait.
type store struct {
	config

	behind    backend.Store
	remaining backend.Remaining // nil when the store cannot tell
	entries   *otter.Cache[backend.Key, *entry]
	guards    [guardCount]guard
	closed    atomic.Bool
}

// Claim implements [backend.Store]. A record that is kept is returned without
// asking the store.
func (s *store) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	if err := s.usable(ctx); err != nil {
		return backend.Record{}, err
	}
	now := time.Now()
	if e, ok := s.entries.GetIfPresent(key); ok && e.replays(now) {
		return e.record, nil
	}
	sight := s.look(key)
	rec, err := s.behind.Claim(ctx, key, claim)
	switch {
	case err != nil:
	case rec.State == backend.Running && rec.Token == claim.Token:
		s.note(key, sight, noteOf(rec, claim, now))
	case rec.State == backend.Done || rec.State == backend.NotKept:
		s.ask(ctx, key, sight, rec)
	}
	return rec, err
}

// Extend implements [backend.Store].
func (s *store) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	return s.behind.Extend(ctx, key, token, lease, retention)
}

// Complete implements [backend.Store].
func (s *store) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	var done *entry
	note, sight := s.begin(key, token)
	defer func() { s.end(key, sight, done) }()
	sent := time.Now()
	err := s.behind.Complete(ctx, key, token, outcome)
	if err == nil && note != nil {
		done = note.finished(outcome, sent)
	}
	return err
}

// Release implements [backend.Store].
func (s *store) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	err := s.behind.Release(ctx, key, token)
	if err == nil {
		s.Purge(key) // the note; nothing stands there now
	}
	return err
}

// Len implements [Store].
func (s *store) Len() int { return s.entries.EstimatedSize() }

// Bytes implements [Store].
func (s *store) Bytes() int64 { return int64(s.entries.WeightedSize()) }

// Close implements [Store]. Whatever a call wants to keep after the purge
// finds the store closed.
func (s *store) Close() error {
	s.closed.Store(true)
	s.PurgeAll()
	s.entries.StopAllGoroutines()
	return nil
}

// usable returns the error of a call that must not be made.
func (s *store) usable(ctx context.Context) error {
	if s.closed.Load() {
		return backend.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("nearcache: %w", err)
	}
	return nil
}
