// Package sleep waits for a time or for the end of a context.
package sleep

import (
	"context"
	"time"
)

// For reports whether the time passed before the context ended.
func For(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
