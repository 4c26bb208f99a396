package txtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// The lock of its store protects a transaction.
type transaction struct {
	store  *Store
	key    backend.Key
	claim  backend.Claim
	record backend.Record
	outer  *transaction
	done   chan struct{} // closed when it has ended

	writes                 []string
	failed, discard, ended bool
}

type transactionKey struct{}

func transactionOf(ctx context.Context) *transaction {
	t, _ := ctx.Value(transactionKey{}).(*transaction)
	return t
}

// Errors of [Write] and of a commit.
var (
	errNone    = errors.New("txtest: no open transaction")
	errWritten = errors.New("txtest: the text is in the ledger")
	errFailed  = errors.New("txtest: a statement of the transaction has failed")
	errTaken   = errors.New("txtest: another claim has been stored meanwhile")
)

// InTransaction reports whether a handler with this context runs in a transaction.
func InTransaction(ctx context.Context) bool { return transactionOf(ctx) != nil }

// Write enters a text into the ledger, in the transaction of the handler. To enter one
// twice is a statement that fails, which fails the transaction.
func Write(ctx context.Context, text string) error {
	t := transactionOf(ctx)
	if t == nil {
		return errNone
	}
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	switch {
	case t.ended:
		return errNone
	case t.failed:
		return errFailed
	case slices.Contains(t.writes, text), slices.Contains(t.store.ledger, text):
		t.failed = true
		return errWritten
	}
	t.writes = append(t.writes, text)
	return nil
}

// Context implements [backend.Transaction].
func (t *transaction) Context(parent context.Context) context.Context {
	t.outer = transactionOf(parent)
	return context.WithValue(parent, transactionKey{}, t)
}

// Failed implements [backend.Transaction].
func (t *transaction) Failed() bool {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	return t.failed
}

// DiscardWrites implements [backend.Transaction].
func (t *transaction) DiscardWrites() { t.discard = true }

// Commit implements [backend.Transaction].
func (t *transaction) Commit(ctx context.Context, outcome backend.Outcome) error {
	err := call(ctx, t.store.BeforeCommit)
	if err != nil {
		t.end()
		return err
	}
	if err = t.commit(ctx, outcome); err != nil {
		return fmt.Errorf("%w: %w", backend.ErrNotCommitted, err)
	}
	return call(ctx, t.store.AfterCommit)
}

func (t *transaction) commit(ctx context.Context, outcome backend.Outcome) error {
	defer t.end()
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	if t.discard {
		t.writes, t.failed = nil, false
	}
	switch {
	case t.ended:
		return errNone
	case ctx.Err() != nil:
		return ctx.Err()
	case t.failed:
		return errFailed
	case slices.ContainsFunc(t.writes, func(text string) bool { return slices.Contains(t.store.ledger, text) }):
		return errWritten
	}
	t.claim.Lease = time.Hour // it needs none
	if found, err := t.store.Store.Claim(ctx, t.key, t.claim); err != nil || found.Token != t.claim.Token {
		return errors.Join(err, errTaken)
	}
	if err := t.store.Complete(ctx, t.key, t.claim.Token, outcome); err != nil {
		return err
	}
	t.store.ledger = append(t.store.ledger, t.writes...)
	return nil
}

// Rollback implements [backend.Transaction].
func (t *transaction) Rollback(ctx context.Context) error {
	defer t.end()
	return call(ctx, t.store.BeforeRollback)
}

func (t *transaction) end() {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	if !t.ended {
		t.ended = true
		delete(t.store.open, t.key)
		close(t.done)
	}
}

func (t *transaction) wait(ctx context.Context) error {
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
