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
	key     backend.Key
	waiter  backend.Waiter // nil for a store that has to be polled
	all     *waiters

	until   time.Time // set by the first wait
	pause   time.Duration
	counted bool // among all waiters
	waited  time.Duration
}

// wait returns true when the record is worth another claim, and false when the
// call has waited enough, may not wait, or its context has ended.
func (p *patience) wait(ctx context.Context, record *backend.Record) bool {
	start := time.Now()
	if p.until.IsZero() {
		p.until, p.pause = start.Add(p.maxWait), pollFirst
	}
	if !start.Before(p.until) || !p.enter() {
		return false
	}
	ctx, cancel := context.WithDeadline(ctx, p.until)
	defer cancel()
	ended := p.ended(ctx, record)
	p.waited += time.Since(start)
	return ended
}

func (p *patience) enter() bool {
	p.counted = p.counted || p.all.enter(p.key)
	return p.counted
}

// leave stops counting the call as a waiter.
func (p *patience) leave() {
	if p.counted {
		p.counted = false
		p.all.leave(p.key)
	}
}

func (p *patience) ended(ctx context.Context, record *backend.Record) bool {
	if p.waiter != nil {
		if p.waiter.Wait(ctx, p.key, record.Token) == nil {
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
