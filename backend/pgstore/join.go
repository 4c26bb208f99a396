package pgstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oncewire/idempotency/backend"
)

// OwnTx is a transaction that a handler begins and commits itself: a [pgx.Tx], or an
// [sql.Tx] by [SQLTx].
//
// [pgx.Tx]: https://pkg.go.dev/github.com/jackc/pgx/v5#Tx
type OwnTx interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
	// Commit and Rollback are not used. They tell transactions from pools.
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
}

// Complete completes the handler's claim with the response, as a part of a
// transaction of the handler: what the handler wrote with it and its outcome are
// committed together. The transaction must be one of the database that has the
// records. Call it last before the commit, as it holds the record until the
// transaction ends.
//
// The response is what the handler is going to answer: the response message of an
// RPC, or its error; an httpmw.Response; the []byte of Engine.Do. Headers and
// trailers that are set by then are a part of the outcome. What Complete has stored
// and the transaction has committed is the answer, also for the first caller: if the
// handler answers something else, that is replaced.
//
// If another call has taken the claim over, the error is [backend.ErrClaimLost], and
// PostgreSQL refuses to commit the transaction. So it does after any other error,
// except if the response has a wrong type or cannot be encoded: nothing was sent
// then. A second completion, in another transaction too, fails unless its outcome
// is the same. A handler whose transaction was rolled back can try again, or answer
// what it wants.
//
// Complete does nothing for a handler that runs unguarded, such as that of a call
// without a key, or without a confirmed claim. It returns an error for a handler that
// runs in one-commit mode, and if the engine has another store.
func Complete(ctx context.Context, tx OwnTx, response any) error {
	claim, joined, err := join(ctx, tx)
	if claim == nil || err != nil {
		return err
	}
	return claim.Complete(ctx, joined, response)
}

// Mark marks the handler's claim as a part of a transaction of the handler, whose
// response is not known yet: once the transaction is committed, the operation is never
// run again. What the handler answers afterwards is recorded as usual. Until it has
// answered, other calls with its key wait, or are refused, as for any running call. If
// it never answers, because its process has died, they are refused with
// [idempotency.ErrOutcomeNotKept] when the lease has ended.
//
// With a function to rebuild answers, [idempotency.Policy.Rebuild], they get what that
// makes of the reference: the primary key of what the handler wrote, for example. Then
// the record has the reference alone, also when the handler has answered a success: no
// content of an answer is stored. An error that the handler answers after the commit is
// the answer of its own caller alone.
//
// The reference may be nil. A claim may be marked again, with another reference, and
// completed afterwards. In all else Mark is like [Complete].
//
// [idempotency.ErrOutcomeNotKept]: https://pkg.go.dev/github.com/oncewire/idempotency#ErrOutcomeNotKept
// [idempotency.Policy.Rebuild]: https://pkg.go.dev/github.com/oncewire/idempotency#Policy
func Mark(ctx context.Context, tx OwnTx, reference []byte) error {
	claim, joined, err := join(ctx, tx)
	if claim == nil || err != nil {
		return err
	}
	return claim.Mark(ctx, joined, reference)
}

// join returns the claim of the handler, or nil if there is none.
func join(ctx context.Context, tx OwnTx) (backend.HandlerClaim, *joinedTx, error) {
	claim, guarded := backend.HandlerClaimFromContext(ctx)
	if !guarded {
		return nil, nil, nil
	}
	store := claim.Store()
	for {
		switch s := store.(type) {
		case *Store:
			return claim, &joinedTx{s, tx}, s.enter(ctx)
		case backend.Unwrapper:
			store = s.Unwrap()
		default:
			return nil, nil, fmt.Errorf("pgstore: the engine keeps its records in %T, not in a pgstore.Store", store)
		}
	}
}
