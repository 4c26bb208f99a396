package idempotency

import (
	"sync/atomic"
	"time"
)

// override is what a handler says about its own answer. It may do so from any of
// its goroutines.
type override struct {
	noEffect  atomic.Bool
	retention atomic.Int64 // zero for none
}

// shorten returns the retention, or the handler's own if that is less.
func (o *override) shorten(retention time.Duration) time.Duration {
	if own := time.Duration(o.retention.Load()); own > 0 {
		retention = min(retention, own)
	}
	return retention
}
