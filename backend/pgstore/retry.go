package pgstore

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oncewire/idempotency/internal/sleep"
)

// maxRetries is how often a step is sent again within its time.
const maxRetries = 10

// conditions are the SQLSTATEs of failures that changed nothing and pass soon.
var conditions = map[string]bool{
	"40001": true, // serialization failure, where that isolation is the default
	"40P01": true, // deadlock
	"57P01": true, // the connection was terminated
	"57P02": true, // another process of the server has crashed
}

// retry sends a step again that failed for a reason which passes. Every step may
// be sent twice, also when the first one was applied.
func retry(ctx context.Context, do func(context.Context) error) error {
	for n := 1; ; n++ {
		err := do(ctx)
		if err == nil || n > maxRetries || !passes(err) {
			return err
		}
		if !sleep.For(ctx, jitter(time.Duration(n)*time.Millisecond)) {
			return err
		}
	}
}

func passes(err error) bool {
	if code := sqlState(err); code != "" {
		return conditions[code]
	}
	return pgconn.SafeToRetry(err)
}

// jitter returns a time between half of d and one and a half of it.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d+1) //nolint:gosec // it spreads load, and is no secret
}
