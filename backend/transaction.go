package backend

import (
	"context"
	"errors"
)

// TransactionMode says whether a handler runs in a transaction of its store, so that
// what it writes and its outcome are committed together.
type TransactionMode uint8

const (
	_ TransactionMode = iota
	// NoTransaction : the handler runs under a lease, and its outcome is stored
	// when it has answered.
	NoTransaction
	// OneCommit : the handler runs in a transaction of the store, which commits
	// what the handler wrote together with its outcome. If the handler answers an
	// error that is recorded, what it wrote is rolled back, and the error is
	// committed.
	OneCommit
	// OneCommitKeepErrorWrites : as OneCommit, but what the handler wrote is also
	// committed with an error that is recorded.
	OneCommitKeepErrorWrites
)

// InTransaction reports whether the handler runs in a transaction.
func (m TransactionMode) InTransaction() bool {
	return m == OneCommit || m == OneCommitKeepErrorWrites
}

// ErrLocked is returned by Begin when the key belongs to a claim in a transaction that
// has not ended. Of its record nothing can be known.
var ErrLocked = errors.New("backend: another transaction holds the key")

// ErrNotCommitted is returned by Commit when it is certain that the transaction was
// rolled back: neither the outcome nor what the handler wrote is stored.
var ErrNotCommitted = errors.New("backend: transaction rolled back")

// Transactor is implemented by a store that can commit an outcome together with what
// a handler writes to the same database. The promises 15 to 19 are about it.
type Transactor interface {
	// Begin requests a claim as Claim does, in a transaction that it opens. If the
	// claim has won, the transaction is returned and is open until Commit or
	// Rollback; otherwise it is nil. An error leaves nothing behind.
	Begin(ctx context.Context, key Key, claim Claim) (Record, Transaction, error)
}

// Transaction is a claim that has won in an open transaction. Its methods must not
// be used by several goroutines at once.
type Transaction interface {
	// Context returns a context in which a handler finds the transaction.
	Context(parent context.Context) context.Context
	// Failed reports whether a statement of the handler has failed so that the
	// transaction can commit nothing that the handler wrote.
	Failed() bool
	// DiscardWrites has Commit store the outcome alone, and roll back what the
	// handler wrote.
	DiscardWrites()
	// Commit finishes the claim with the outcome, and commits. [ErrNotCommitted]
	// says that nothing was committed; after any other error that is unknown, and
	// a claim of the key shows it.
	Commit(ctx context.Context, outcome Outcome) error
	// Rollback ends the transaction, and with it the claim. After an error it
	// will be ended by the database.
	Rollback(ctx context.Context) error
}
