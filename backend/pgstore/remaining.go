package pgstore

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/oncewire/idempotency/backend"
)

var _ backend.Remaining = (*Store)(nil)

// RetentionLeft implements [backend.Remaining].
func (s *Store) RetentionLeft(ctx context.Context, key backend.Key, token backend.Token) (left time.Duration, err error) {
	err = s.step(ctx, "retention left", func(ctx context.Context) error {
		var found pgtype.Interval
		err := s.pool.QueryRow(ctx, s.sql.remaining, key[:], uuid(token)).Scan(&found)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return backend.ErrClaimLost
		case !found.Valid:
			left = backend.Forever
		default:
			left = duration(found)
		}
		return err
	})
	return left, err
}
