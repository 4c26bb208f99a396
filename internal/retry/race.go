package retry

import (
	"context"
	"slices"
	"time"
)

// Race is [Send] with hedging: a call that has no answer after the policy's
// HedgeAfter is sent a second time, without cancelling the first try. The first
// answer that settles the call is returned, and the other try is cancelled. If a
// try is answered without settling the call, the other one goes on, and the call is
// sent again after the usual pause.
//
// Release ends the context of the returned answer. It must be called when nothing
// more is read from the answer.
func Race[T any](ctx context.Context, c *Client, call Call[T]) (answer T, release context.CancelFunc) {
	r := &race[T]{call: call, tries: tries{client: c}, answers: make(chan *try[T], 2)}
	won := r.run(ctx)
	r.forget()
	for _, loser := range r.flying {
		loser.cancel()
		go func() { r.drop(<-r.answers) }()
	}
	return won.answer, won.cancel
}

type race[T any] struct {
	call      Call[T]
	tries     tries
	answers   chan *try[T]
	flying    []*try[T] // without an answer; two at most
	unsettled *try[T]   // the latest answer, if it settled nothing
}

type try[T any] struct {
	cancel context.CancelFunc
	answer T
	advice Advice
}

// run returns the answer of the call.
func (r *race[T]) run(ctx context.Context) *try[T] {
	r.start(ctx)
	timer := time.NewTimer(r.tries.client.policy.HedgeAfter)
	defer timer.Stop()
	for {
		var ended <-chan struct{}
		if len(r.flying) == 0 { // otherwise their answers say so
			ended = ctx.Done()
		}
		select {
		case <-ended:
			last := r.unsettled
			r.unsettled = nil
			return last
		case <-timer.C:
			r.timeout(ctx, timer)
		case t := <-r.answers:
			if r.settles(ctx, t, timer) {
				return t
			}
		}
	}
}

// timeout sends the call once more, because a pause is over or because the only
// try takes long.
func (r *race[T]) timeout(ctx context.Context, timer *time.Timer) {
	if pauseIsOver := r.unsettled != nil; !pauseIsOver && !r.mayHedge() {
		return
	}
	r.forget()
	r.start(ctx)
	if len(r.flying) == 1 {
		timer.Reset(r.tries.client.policy.HedgeAfter)
	}
}

func (r *race[T]) mayHedge() bool { return r.tries.left() && r.tries.client.budget.left() }

// settles reports whether an answer is the one to return.
func (r *race[T]) settles(ctx context.Context, t *try[T], timer *time.Timer) bool {
	r.flying = slices.DeleteFunc(r.flying, func(other *try[T]) bool { return other == t })
	pause, again := r.tries.after(ctx, t.advice)
	switch {
	case again:
		timer.Reset(pause)
	case !t.advice.Retry || len(r.flying) == 0:
		return true
	default:
		timer.Stop()
	}
	r.forget()
	r.unsettled = t
	return false
}

func (r *race[T]) start(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx) //nolint:gosec // called by drop, or by the caller of Race
	t, n := &try[T]{cancel: cancel}, r.tries.begin()
	r.flying = append(r.flying, t)
	go func() {
		t.answer, t.advice = r.call.Try(ctx, n)
		r.answers <- t
	}()
}

// forget drops the latest answer that settled nothing.
func (r *race[T]) forget() {
	if r.unsettled != nil {
		go r.drop(r.unsettled)
		r.unsettled = nil
	}
}

func (r *race[T]) drop(t *try[T]) {
	r.call.Discard(t.answer)
	t.cancel()
}
