package idempotency

import (
	"math/rand/v2"
	"time"
)

// jitter spreads callers that were refused at one time over half the pause.
func jitter(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // not a secret
}
