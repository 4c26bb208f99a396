package idempotency

import (
	"context"
	"sync"
	"time"

	"github.com/oncewire/idempotency/internal/sleep"
)

// The pause between two tries of a finish doubles from the first to the longest,
// which is a third of the lease if that is shorter.
const (
	firstRetryPause   = 50 * time.Millisecond
	longestRetryPause = 5 * time.Second
)

// retries repeats the finishes of claims in the background after the store
// failed. Their number and time are bounded, so that an outage of the store has a
// bounded cost. They hold claims and outcomes, and nothing of a request.
type retries struct {
	limit  int
	window time.Duration
	notify func(context.Context, Event)
	// unconfirmedCtx is cancelled on drain: claims that may not exist are not
	// waited for.
	unconfirmedCtx    context.Context
	cancelUnconfirmed context.CancelFunc

	mu      sync.Mutex
	pending int
	closed  bool
	idle    chan struct{} // closed when nothing is pending; made by drain
}

func (r *retries) init(limit int, window time.Duration, notify func(context.Context, Event)) {
	r.limit, r.window, r.notify = limit, window, notify
	r.unconfirmedCtx, r.cancelUnconfirmed = context.WithCancel(context.Background())
}

// add retries a finish in the background, or drops it if the limit is reached.
// A dropped claim expires, and the abandon policy applies.
func (r *retries) add(c claim, f finish) {
	p := &pendingFinish{c, f}
	if !r.enter(&f) {
		r.reportDropped(p)
		return
	}
	go func() {
		defer r.leave()
		r.retry(p)
	}()
}

func (r *retries) retry(p *pendingFinish) {
	ctx := context.Background()
	if p.finish.unconfirmed {
		ctx = r.unconfirmedCtx
	}
	ctx, cancel := context.WithTimeout(ctx, r.window)
	defer cancel()
	longest := min(longestRetryPause, p.claim.policy.Lease/3)
	pause := min(firstRetryPause, longest)
	for p.keepAlive(ctx); sleep.For(ctx, jitter(pause)); p.keepAlive(ctx) {
		pause = min(2*pause, longest)
		err := p.try(ctx)
		if p.finish.endsRetries(err) {
			r.reportFinished(p, err)
			return
		}
	}
	r.reportDropped(p)
}

// reportFinished and reportDropped report nothing of an unconfirmed claim, on which nothing
// depends, unless its outcome was recorded after all.
func (r *retries) reportFinished(p *pendingFinish, lost error) {
	event := p.claim.event(p.finish.kind())
	if lost != nil {
		event.Kind, event.Err = EventLeaseLost, lost
	}
	event.Retried = true
	if !p.finish.unconfirmed || p.finish.verdict == Record {
		r.notify(context.Background(), event)
	}
}

func (r *retries) reportDropped(p *pendingFinish) {
	if !p.finish.unconfirmed {
		r.notify(context.Background(), p.claim.event(EventFinishDropped))
	}
}

// enter reserves a place. Unconfirmed claims get at most a quarter of the places,
// since each call adds one while the store is down, and the rest is for claims
// that exist and for outcomes.
func (r *retries) enter(f *finish) bool {
	limit := r.limit
	if f.unconfirmed && f.verdict != Record {
		limit /= 4
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.pending >= limit {
		return false
	}
	r.pending++
	return true
}

func (r *retries) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending--
	if r.pending == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}

// drain accepts no more finishes, cancels those of unconfirmed claims, and waits
// for the others.
func (r *retries) drain(ctx context.Context) error {
	r.cancelUnconfirmed()
	r.mu.Lock()
	r.closed = true
	if r.pending == 0 {
		r.mu.Unlock()
		return nil
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
