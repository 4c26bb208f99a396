package pgstore

import (
	"context"
	"strconv"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// afterLock returns what the table has under a key after the transaction has ended
// that held the key when the call began. If that does not end within the time, the
// error is [backend.ErrLocked].
func (s *Store) afterLock(ctx context.Context, key backend.Key, atMost time.Duration) (f found, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return found{}, err
	}
	defer s.rollBackLater(conn)
	replies := conn.SendBatch(ctx, batch(
		statement{"BEGIN ISOLATION LEVEL READ COMMITTED", nil},
		statement{"SELECT set_config('lock_timeout', $1, true)", []any{strconv.FormatInt(atMost.Milliseconds(), 10)}},
		statement{s.sql.waitLock, []any{lockNumber(key)}},
		statement{s.sql.find, []any{key[:]}},
		statement{"ROLLBACK", nil}, // before the reply, so that the key is free for who waits for it
	))
	for n := 0; n < 3 && err == nil; n++ {
		_, err = replies.Exec()
	}
	if err == nil {
		f, err = readFound(replies.QueryRow())
	}
	if err = closed(replies, err); isLocked(err) {
		err = backend.ErrLocked
	}
	return f, err
}
