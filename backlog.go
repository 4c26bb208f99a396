package idempotency

import (
	"context"
	"sync"
	"time"
)

// Times between two tries of the backlog: they double from the first to the
// last, or to a third of a lease if that is shorter.
const (
	backlogFirst = 50 * time.Millisecond
	backlogLast  = 5 * time.Second
)

// backlog retries in the background what the store did not take. It is bounded
// in number and time, so that a store that stays away costs a known amount, and
// holds claims and outcomes: nothing of a request.
type backlog struct {
	size   int
	window time.Duration
	tell   func(context.Context, Event)
	// unconfirmed ends when the backlog closes: claims that may not exist are
	// not waited for.
	unconfirmed context.Context
	cancel      context.CancelFunc

	mu      sync.Mutex
	pending int
	closed  bool
	idle    chan struct{} // closed when nothing is pending; made by drain
}

func (b *backlog) open(size int, window time.Duration, tell func(context.Context, Event)) {
	b.size, b.window, b.tell = size, window, tell
	b.unconfirmed, b.cancel = context.WithCancel(context.Background())
}

// entry is a claim that is to be finished.
type entry struct {
	operation string
	claim     claim
	finish    finish
}

// add takes a finish on, or gives it up when there is no room for it. The claim
// then expires, and the abandon policy decides.
func (b *backlog) add(operation string, c claim, f finish) {
	e := &entry{operation, c, f}
	if !b.enter(&f) {
		b.drop(e)
		return
	}
	go func() {
		defer b.leave()
		b.retry(e)
	}()
}

func (b *backlog) retry(e *entry) {
	ctx := context.Background()
	if e.finish.unconfirmed {
		ctx = b.unconfirmed
	}
	ctx, cancel := context.WithTimeout(ctx, b.window)
	defer cancel()
	longest := min(backlogLast, e.claim.policy.Lease/3)
	pause := min(backlogFirst, longest)
	for e.keepAlive(ctx); sleep(ctx, jitter(pause)); e.keepAlive(ctx) {
		pause = min(2*pause, longest)
		err := e.try(ctx)
		if e.finish.settled(err) {
			b.done(e, err)
			return
		}
	}
	b.drop(e)
}

// done and drop tell nothing of an unconfirmed claim, on which nothing depends,
// except for an outcome that was recorded after all.
func (b *backlog) done(e *entry, lost error) {
	event := e.claim.event(e.operation, e.finish.kind())
	if lost != nil {
		event.Kind, event.Err = EventLeaseLost, lost
	}
	event.Retried = true
	if !e.finish.unconfirmed || e.finish.verdict == Record {
		b.tell(context.Background(), event)
	}
}

func (b *backlog) drop(e *entry) {
	if !e.finish.unconfirmed {
		b.tell(context.Background(), e.claim.event(e.operation, EventFinishDropped))
	}
}

func (e *entry) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, e.claim.brief())
	defer cancel()
	return e.claim.finish(ctx, e.finish)
}

// keepAlive extends the lease of a claim whose outcome waits: a store may refuse
// an outcome, being out of memory, and still take a heartbeat.
func (e *entry) keepAlive(ctx context.Context) {
	if e.finish.verdict == Record {
		_ = e.claim.extend(ctx, e.claim.brief())
	}
}

// enter leaves most of the room to claims that are known to exist and to
// outcomes: a store that is down adds an unconfirmed claim with every call.
func (b *backlog) enter(f *finish) bool {
	room := b.size
	if f.unconfirmed && f.verdict != Record {
		room /= 4
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.pending >= room {
		return false
	}
	b.pending++
	return true
}

func (b *backlog) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending--
	if b.pending == 0 && b.idle != nil {
		close(b.idle)
		b.idle = nil
	}
}

// drain takes nothing new on and waits for what is pending, except for
// unconfirmed claims.
func (b *backlog) drain(ctx context.Context) error {
	b.cancel()
	b.mu.Lock()
	b.closed = true
	if b.pending == 0 {
		b.mu.Unlock()
		return nil
	}
	if b.idle == nil {
		b.idle = make(chan struct{})
	}
	idle := b.idle
	b.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
