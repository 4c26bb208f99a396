package idempotency

import (
	"sync/atomic"
	"time"
)

// override is what a handler says about its own answer through its [Execution],
// from any of its goroutines.
type override struct {
	noEffect  atomic.Bool
	retention atomic.Int64 // zero for none
}

// shorten returns the configured retention, or the handler's if that is shorter.
func (o *override) shorten(configured time.Duration) time.Duration {
	if retention := time.Duration(o.retention.Load()); retention > 0 {
		return min(configured, retention)
	}
	return configured
}
