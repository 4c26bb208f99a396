package pgstore

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency/backend"
)

// afterLock returns the record that is committed under a key, or the zero Record if
// there is none, after every transaction has ended that held the key when the call
// began. To wait for them it claims the key, in a transaction that it rolls back. If
// one does not end within the time, the error is [backend.ErrLocked].
func (s *Store) afterLock(ctx context.Context, key backend.Key, atMost time.Duration) (found backend.Record, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return backend.Record{}, err
	}
	defer s.rollBackLater(conn)
	probe := backend.Claim{Attempt: 1, Lease: time.Second, Retention: time.Second}
	rand.Read(probe.Token[:]) // never fails
	batch := new(pgx.Batch)
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	batch.Queue("SELECT set_config('lock_timeout', $1, true)", strconv.FormatInt(atMost.Milliseconds(), 10))
	batch.Queue(s.sql.claim, claimArguments(key, &probe)...)
	replies := conn.SendBatch(ctx, batch)
	_, err = replies.Exec()
	if err == nil {
		_, err = replies.Exec()
	}
	decided := false
	if err == nil {
		found, decided, err = readClaim(replies.QueryRow(), &probe)
	}
	switch err = errors.Join(err, replies.Close()); {
	case isLocked(err), err == nil && !decided:
		return backend.Record{}, backend.ErrLocked
	case err != nil:
		return backend.Record{}, err
	case found.Token == probe.Token:
		return backend.Record{}, nil
	default:
		return found, nil
	}
}
