package redisstore

import (
	"context"
	_ "embed"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var _ backend.Remaining = (*Store)(nil)

//go:embed remaining.lua
var remainingLua string

var remainingScript = newScript(remainingLua)

// What remaining.lua returns besides milliseconds.
const (
	noEnd    = -1
	noRecord = -2
)

// Left implements [backend.Remaining].
func (s *Store) Left(ctx context.Context, key backend.Key, token backend.Token) (left time.Duration, err error) {
	err = s.step(ctx, "left", func(ctx context.Context) error {
		millis, err := remainingScript.count(ctx, s.via, s.name(key), token[:])
		switch {
		case err != nil:
			return err
		case millis == noEnd:
			left = backend.Forever
		case millis == noRecord:
			return backend.ErrClaimLost
		default:
			left = time.Duration(millis) * time.Millisecond
		}
		return nil
	})
	return left, err
}
