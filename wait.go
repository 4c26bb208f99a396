package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Times between two polls of a store that cannot tell when a claim ends: they
// double from the first to the last.
const (
	pollFirst = 10 * time.Millisecond
	pollLast  = 500 * time.Millisecond
)

// patience is how long a call still waits for another one.
type patience struct {
	maxWait time.Duration
	until   time.Time // set by the first wait
	pause   time.Duration
	counted bool // among the engine's waiters
}

// wait returns true when the record is worth another claim, and false when the
// call has waited enough, may not wait, or its context has ended.
func (p *patience) wait(ctx context.Context, a *attempt, record *backend.Record) bool {
	start := time.Now()
	if p.until.IsZero() {
		if p.maxWait <= 0 || !a.engine.waiters.enter(a.claim.key) {
			return false
		}
		p.counted = true
		p.until, p.pause = start.Add(p.maxWait), pollFirst
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

// leave stops counting the call as a waiter.
func (p *patience) leave(a *attempt) {
	if p.counted {
		p.counted = false
		a.engine.waiters.leave(a.claim.key)
	}
}

func (p *patience) ended(ctx context.Context, a *attempt, record *backend.Record) bool {
	if waiter := a.engine.waiter; waiter != nil {
		if waiter.Wait(ctx, a.claim.key, record.Token) == nil {
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
