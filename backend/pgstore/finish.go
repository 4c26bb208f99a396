package pgstore

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency/backend"
)

// Extend implements [backend.Store].
func (s *Store) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, keep time.Duration) error {
	return s.step(ctx, "extend", func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, s.sql.extend,
			key[:], uuid(token), interval(lease), retention(keep), slack(keep), s.channel())
		if err == nil && tag.RowsAffected() == 0 {
			return backend.ErrClaimLost
		}
		return err
	})
}

// Complete implements [backend.Store].
func (s *Store) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	return s.step(ctx, "complete", func(ctx context.Context) error {
		return s.finish(ctx, key, token, isDone, s.sql.complete,
			key[:], uuid(token), int16(outcome.State()), stored(&outcome),
			retention(outcome.Retention), slack(outcome.Retention), s.channel())
	})
}

// Release implements [backend.Store].
func (s *Store) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	return s.step(ctx, "release", func(ctx context.Context) error {
		return s.finish(ctx, key, token, isAbsent, s.sql.release,
			key[:], uuid(token), s.channel())
	})
}

// stored returns the bytes of an outcome, which are null only if it is not kept.
func stored(o *backend.Outcome) []byte {
	switch {
	case o.NotKept:
		return nil
	case o.Bytes == nil:
		return []byte{}
	default:
		return o.Bytes
	}
}

// finish runs a statement that changes the running record of the token. If it
// changes none, done decides from the record that exists whether that is a success.
// A record that is running under the token by then was claimed meanwhile, so the
// statement is run again.
func (s *Store) finish(ctx context.Context, key backend.Key, token backend.Token, done func(standing) bool, sql string, arguments ...any) error {
	for {
		tag, err := s.pool.Exec(ctx, sql, arguments...)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		found, err := s.standing(ctx, key, token)
		switch {
		case err != nil:
			return err
		case done(found):
			return nil
		case !found.own || found.state != backend.Running:
			return backend.ErrClaimLost // or a marked claim that was to be released
		}
	}
}

// standing is what a step finds that changed nothing. The zero value is absent.
type standing struct {
	state backend.State
	own   bool // the token stands in the record
}

// isDone holds for a completion that is sent again.
func isDone(s standing) bool { return s.own && s.state.Finished() }

func isAbsent(s standing) bool { return s == standing{} }

func (s *Store) standing(ctx context.Context, key backend.Key, token backend.Token) (found standing, err error) {
	var state int16
	err = s.pool.QueryRow(ctx, s.sql.standing, key[:], uuid(token)).Scan(&state, &found.own)
	if errors.Is(err, pgx.ErrNoRows) {
		return standing{}, nil
	}
	found.state = backend.State(state)
	return found, err
}
