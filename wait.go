package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Times between two looks at a store that cannot tell when a claim ends: they
// double from the first to the last.
const (
	pollFirst = 10 * time.Millisecond
	pollLast  = 500 * time.Millisecond
)

// patience is how long a call still waits for another one.
type patience struct {
	most  time.Duration
	until time.Time // set by the first wait
	pause time.Duration
}

// wait returns true when the record is worth another look, and false when the
// call has waited enough or its context has ended.
func (p *patience) wait(ctx context.Context, a *attempt, record *backend.Record) bool {
	start := time.Now()
	if p.until.IsZero() {
		p.until, p.pause = start.Add(p.most), pollFirst
	}
	if !start.Before(p.until) {
		return false
	}
	ctx, cancel := context.WithDeadline(ctx, p.until)
	defer cancel()
	ended := p.ended(ctx, a, record)
	a.waited += time.Since(start)
	return ended
}

func (p *patience) ended(ctx context.Context, a *attempt, record *backend.Record) bool {
	if waiter := a.engine.waiter; waiter != nil {
		if waiter.Wait(ctx, a.key, record.Token) == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		// A waiter that fails is no worse than none: poll.
	}
	pause := min(jitter(p.pause), max(record.LeaseLeft, time.Millisecond))
	p.pause = min(2*p.pause, pollLast)
	return sleep(ctx, pause)
}
