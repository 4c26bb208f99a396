package redisstore

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Replies of remaining.lua that are not a number of milliseconds.
const (
	remainingForever  = -1
	remainingNoRecord = -2
)

// RetentionLeft implements [backend.Remaining].
func (s *Store) RetentionLeft(ctx context.Context, key backend.Key, token backend.Token) (left time.Duration, err error) {
	err = s.steps.run(ctx, "retention left", func(ctx context.Context) error {
		reply, err := remainingScript.runInt(ctx, s.sender, s.prefix.name(key), token[:])
		switch {
		case err != nil:
			return err
		case reply == remainingForever:
			left = backend.Forever
		case reply == remainingNoRecord:
			return backend.ErrClaimLost
		default:
			left = time.Duration(reply) * time.Millisecond
		}
		return nil
	})
	return left, err
}
