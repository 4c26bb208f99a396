package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/sleep"
)

// The pause between two polls of a store that cannot report the end of a claim
// doubles from the first to the longest.
const (
	firstPollPause   = 10 * time.Millisecond
	longestPollPause = 500 * time.Millisecond
)

// waiting is the time that one call spends waiting for another one.
type waiting struct {
	maxWait time.Duration
	key     backend.Key
	waiter  backend.Waiter // nil for a store that has to be polled
	all     *waiters

	until   time.Time // set by the first wait
	pause   time.Duration
	entered bool // into all
	waited  time.Duration
}

// wait reports whether the call should claim again. It returns false when the
// call has waited long enough, is not allowed to wait, or its context has ended.
func (w *waiting) wait(ctx context.Context, record *backend.Record) bool {
	start := time.Now()
	if w.until.IsZero() {
		w.until, w.pause = start.Add(w.maxWait), firstPollPause
	}
	if !start.Before(w.until) || !w.enter() {
		return false
	}
	ctx, cancel := context.WithDeadline(ctx, w.until)
	defer cancel()
	changed := w.untilChanged(ctx, record)
	w.waited += time.Since(start)
	return changed
}

func (w *waiting) enter() bool {
	w.entered = w.entered || w.all.enter(w.key)
	return w.entered
}

// leave stops counting the call as a waiter.
func (w *waiting) leave() {
	if w.entered {
		w.entered = false
		w.all.leave(w.key)
	}
}

// untilChanged waits until the record may have changed.
func (w *waiting) untilChanged(ctx context.Context, record *backend.Record) bool {
	if w.waiter != nil {
		if w.waiter.Wait(ctx, w.key, record.Token) == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		// The store's waiter failed: poll instead.
	}
	pause := min(jitter(w.pause), max(record.LeaseLeft, time.Millisecond))
	w.pause = min(2*w.pause, longestPollPause)
	return sleep.For(ctx, pause)
}
