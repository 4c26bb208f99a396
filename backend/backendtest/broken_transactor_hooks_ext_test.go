package backendtest_test

import (
	"context"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/txtest"
)

// transactor is a store whose methods can be replaced. Nil functions are not replaced.
type transactor struct {
	*txtest.Store

	begin func(context.Context, backend.Key, backend.Claim) (backend.Record, backend.Transaction, error)
	claim func(context.Context, backend.Key, backend.Claim) (backend.Record, error)
	wait  func(context.Context, backend.Key, backend.Token) error
	write func(context.Context, string) error
}

func (s transactor) Begin(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
	if s.begin != nil {
		return s.begin(ctx, key, c)
	}
	return s.Store.Begin(ctx, key, c)
}

func (s transactor) Claim(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
	if s.claim != nil {
		return s.claim(ctx, key, c)
	}
	return s.Store.Claim(ctx, key, c)
}

func (s transactor) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	if s.wait != nil {
		return s.wait(ctx, key, token)
	}
	return s.Store.Wait(ctx, key, token)
}

// Write is what a handler does.
func (s transactor) Write(ctx context.Context, text string) error {
	if s.write != nil {
		return s.write(ctx, text)
	}
	return txtest.Write(ctx, text)
}

// transaction is a transaction whose methods can be replaced.
type transaction struct {
	backend.Transaction

	context  func(context.Context) context.Context
	discard  func()
	commit   func(context.Context, backend.Outcome) error
	rollback func(context.Context) error
}

func (t transaction) Context(parent context.Context) context.Context {
	if t.context != nil {
		return t.context(parent)
	}
	return t.Transaction.Context(parent)
}

func (t transaction) DiscardWrites() {
	if t.discard != nil {
		t.discard()
		return
	}
	t.Transaction.DiscardWrites()
}

func (t transaction) Commit(ctx context.Context, o backend.Outcome) error {
	if t.commit != nil {
		return t.commit(ctx, o)
	}
	return t.Transaction.Commit(ctx, o)
}

func (t transaction) Rollback(ctx context.Context) error {
	if t.rollback != nil {
		return t.rollback(ctx)
	}
	return t.Transaction.Rollback(ctx)
}

// begun is a claim that has won.
type begun struct {
	backend.Transaction

	key   backend.Key
	claim backend.Claim
}

// onOpen returns a store whose transactions have the defect.
func onOpen(defect func(context.Context, begun) transaction) func(*txtest.Store) backend.Store {
	return func(s *txtest.Store) backend.Store {
		return transactor{Store: s, begin: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
			rec, t, err := s.Begin(ctx, key, c)
			if t == nil {
				return rec, nil, err
			}
			broken := defect(ctx, begun{t, key, c})
			broken.Transaction = t
			return rec, broken, err
		}}
	}
}
