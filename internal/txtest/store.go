package txtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

var (
	_ backend.Store      = (*Store)(nil)
	_ backend.Waiter     = (*Store)(nil)
	_ backend.Transactor = (*Store)(nil)
)

// Store is a memstore that is also a [backend.Transactor]. Set the functions before it
// is used. A nil function does nothing. What a function returns as an error is returned
// by the step.
type Store struct {
	*memstore.Store

	BeforeBegin    func(context.Context) error // with an error, no transaction is opened
	BeforeCommit   func(context.Context) error // with an error, nothing is committed
	AfterCommit    func(context.Context) error // with an error, all is committed
	BeforeRollback func(context.Context) error // with an error, it is rolled back as well

	mu     sync.Mutex
	open   map[backend.Key]*transaction
	ledger []string
}

// New returns an empty store.
func New() *Store {
	return &Store{Store: memstore.New(), open: map[backend.Key]*transaction{}}
}

// Written returns the texts that are committed.
func (s *Store) Written() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ledger)
}

// Enter commits a text on its own.
func (s *Store) Enter(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger = append(s.ledger, text)
}

// Begin implements [backend.Transactor].
func (s *Store) Begin(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, backend.Transaction, error) {
	if err := call(ctx, s.BeforeBegin); err != nil {
		return backend.Record{}, nil, err
	}
	if record, ok := s.heldClaim(ctx, key); ok {
		return record, nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[key] != nil && ctx.Err() == nil {
		return backend.Record{}, nil, backend.ErrLocked
	}
	found, err := s.peek(ctx, key)
	if err != nil || found.State != 0 && (!found.Expired() || found.Token != claim.Replaces) {
		return found, nil, err
	}
	record := backend.Record{
		State: backend.Running, Token: claim.Token, Attempt: claim.Attempt, Fingerprint: claim.Fingerprint, LeaseLeft: claim.Lease,
	}
	t := &transaction{store: s, key: key, claim: claim, record: record, done: make(chan struct{})}
	s.open[key] = t
	return record, t, nil
}

// peek returns the record of a key, or the zero Record.
func (s *Store) peek(ctx context.Context, key backend.Key) (backend.Record, error) {
	probe := backend.Claim{Token: backend.Token{15: 0xfe}, Lease: time.Hour}
	found, err := s.Store.Claim(ctx, key, probe)
	if err == nil && found.Token == probe.Token {
		return backend.Record{}, s.Release(ctx, key, probe.Token)
	}
	return found, err
}

// Claim implements [backend.Store]. It does not see open transactions.
func (s *Store) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	if record, ok := s.heldClaim(ctx, key); ok {
		return record, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Claim(ctx, key, claim)
}

// heldClaim returns the claim that a transaction around the caller holds.
func (s *Store) heldClaim(ctx context.Context, key backend.Key) (backend.Record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := transactionOf(ctx); t != nil; t = t.outer {
		if t.store == s && t.key == key && !t.ended {
			return t.record, true
		}
	}
	return backend.Record{}, false
}

// Wait implements [backend.Waiter].
func (s *Store) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	if token != (backend.Token{}) {
		return s.Store.Wait(ctx, key, token)
	}
	s.mu.Lock()
	holder := s.open[key]
	s.mu.Unlock()
	if holder == nil {
		return ctx.Err()
	}
	return holder.wait(ctx)
}

func call(ctx context.Context, function func(context.Context) error) error {
	if function == nil {
		return nil
	}
	return function(ctx)
}
