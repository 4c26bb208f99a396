package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/sleep"
)

// errHandlerFailed is why a transaction is rolled back although its answer is to be
// recorded.
var errHandlerFailed = errors.New("a statement of the handler has failed, and its answer says that it succeeded")

// Commit implements [backend.Transaction]. It costs one round trip. If the connection
// is lost meanwhile, it takes the rest of its time to find out what happened.
func (t *transaction) Commit(ctx context.Context, outcome backend.Outcome) error {
	t.handler.close()
	defer release(ctx, t.conn) // at once, so that the key is free for the retry of the client
	conn := t.conn.Conn()
	switch {
	case conn.IsClosed():
		return rolledBack(errors.New("the connection was lost before the commit"))
	case conn.PgConn().IsBusy():
		return rolledBack(errors.Join(errors.New("the handler left rows or a batch open"), conn.Close(ctx)))
	case t.Failed() && !t.discard:
		return rolledBack(errHandlerFailed)
	}
	bounded, cancel := halfOf(ctx)
	defer cancel()
	err := t.commit(bounded, &outcome)
	if err != nil && !errors.Is(err, backend.ErrNotCommitted) {
		err = t.resolve(ctx, err)
	}
	if err == nil {
		t.store.recent.add(t.key)
	}
	return err
}

// commit sends the outcome together with COMMIT. A handler that has ended the
// transaction by a statement has committed or lost its own writes; its outcome is then
// stored on its own.
func (t *transaction) commit(ctx context.Context, outcome *backend.Outcome) error {
	sql, r := &t.store.sql, &t.record
	batch := new(pgx.Batch)
	if t.conn.Conn().PgConn().TxStatus() == 'I' {
		batch.Queue("BEGIN")
	} else if t.discard {
		batch.Queue("ROLLBACK TO SAVEPOINT " + savepoint)
	}
	if t.clears {
		batch.Queue(sql.clear, t.key[:], uuid(t.replaces))
	}
	batch.Queue(sql.insert, t.key[:], uuid(r.Token), int32(r.Attempt), r.Fingerprint[:],
		int16(outcome.State()), stored(outcome), retention(outcome.Retention))
	batch.Queue("COMMIT")
	replies := t.conn.SendBatch(ctx, batch)
	var tag pgconn.CommandTag
	var err error
	for n := batch.Len(); n > 0 && err == nil; n-- {
		tag, err = replies.Exec()
	}
	err = closed(replies, err)
	switch {
	case err == nil && tag.String() == "COMMIT":
		return nil
	case err == nil:
		return rolledBack(fmt.Errorf("COMMIT replied %s", tag))
	case refused(err):
		return rolledBack(err)
	default:
		return err
	}
}

// refused reports whether the server replied with an error that ends a transaction.
// One that ends the connection may come after the commit, and so may one of class 08,
// by which a pooler says that it lost the server. That pgx calls an error safe to
// retry proves nothing: it says so of a connection that broke before the reply.
func refused(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && failure.SeverityUnlocalized == "ERROR" && !strings.HasPrefix(failure.Code, "08")
}

func rolledBack(cause error) error {
	return fmt.Errorf("pgstore: commit: %w: %w", backend.ErrNotCommitted, cause)
}

// resolve finds out whether a transaction was committed whose connection was lost
// with the given error. It waits until the server has ended the transaction.
func (t *transaction) resolve(ctx context.Context, lost error) error {
	for {
		found, err := t.store.afterLock(ctx, t.key, time.Second)
		switch {
		case err == nil && found.record.Token == t.record.Token:
			return t.confirm(ctx)
		case err == nil:
			return rolledBack(lost)
		case ended(ctx) != nil:
			return fmt.Errorf("pgstore: commit: %w: %w", lost, err)
		}
		if !sleep.For(ctx, jitter(20*time.Millisecond)) {
			return fmt.Errorf("pgstore: commit: %w: %w", lost, err)
		}
	}
}

// confirm waits until a commit that was found is as durable as one that was replied to:
// if a standby has to confirm it, a wait that was cancelled has left it visible but
// not replicated.
func (t *transaction) confirm(ctx context.Context) error {
	if _, err := t.store.pool.Exec(ctx, t.store.sql.confirm, t.key[:], uuid(t.record.Token)); err != nil {
		return fmt.Errorf("pgstore: commit: the record is there, and may be lost in a failover: %w", err)
	}
	return nil
}

// halfOf returns a context that ends in half of the time that ctx has left.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}
