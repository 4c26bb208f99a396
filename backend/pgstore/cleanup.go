package pgstore

import (
	"context"
	"time"
)

// cleanUpRegularly deletes absent records until the store is closed. The
// intervals vary, so that many processes do not do it at the same moment.
func (s *Store) cleanUpRegularly(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(jitter(s.cleanupEvery)):
		}
		err := s.cleanUp(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "pgstore: the clean-up fails", "error", err)
		}
		failing = err != nil
	}
}

// cleanUp deletes the records whose retention has ended by now, one batch after the
// other.
func (s *Store) cleanUp(ctx context.Context) error {
	for _, sql := range []string{s.sql.postpone, s.sql.cleanup} {
		for full := true; full; {
			n, err := s.cleanUpBatch(ctx, sql)
			if err != nil {
				return err
			}
			full = n >= int64(s.cleanupBatch)
		}
	}
	return nil
}

func (s *Store) cleanUpBatch(ctx context.Context, sql string) (n int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.backgroundTimeout())
	defer cancel()
	err = s.step(ctx, "clean up", func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, sql, int32(s.cleanupBatch))
		n = tag.RowsAffected()
		return err
	})
	return n, err
}
