package idempotency

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Times between two tries of the backlog: they double from the first to the
// last, or to a third of a lease if that is shorter.
const (
	backlogFirst = 50 * time.Millisecond
	backlogLast  = 5 * time.Second
)

// backlog retries in the background what the store did not take. It is bounded
// in number and time, so that a store that stays away costs a known amount.
type backlog struct {
	engine *Engine
	// strays ends when the backlog closes: nobody waits for what may not exist.
	strays context.Context
	forget context.CancelFunc

	mu      sync.Mutex
	pending int
	closed  bool
	idle    chan struct{} // closed when nothing is pending; made by drain
}

func (b *backlog) open(e *Engine) {
	b.engine = e
	b.strays, b.forget = context.WithCancel(context.Background())
}

// add takes on a finish, or gives it up when there is no room for it. The
// claim then lapses, and the abandon policy decides.
func (b *backlog) add(a *attempt, f finish) {
	if !b.enter(f.stray) {
		b.drop(a, f)
		return
	}
	go func() {
		defer b.leave()
		b.retry(a, f)
	}()
}

func (b *backlog) retry(a *attempt, f finish) {
	ctx := context.Background()
	if f.stray {
		ctx = b.strays
	}
	ctx, cancel := context.WithTimeout(ctx, b.engine.backlogWindow)
	defer cancel()
	longest := min(backlogLast, a.policy.Lease/3)
	pause := min(backlogFirst, longest)
	for b.keep(ctx, a, f); sleep(ctx, jitter(pause)); b.keep(ctx, a, f) {
		pause = min(2*pause, longest)
		err := b.try(ctx, a, f)
		if err == nil || errors.Is(err, backend.ErrClaimLost) {
			b.done(a, f, err)
			return
		}
	}
	b.drop(a, f)
}

// done and drop say nothing of strays: nobody counts on those.
func (b *backlog) done(a *attempt, f finish, lost error) {
	event := Event{Kind: f.event(), Retried: true}
	if lost != nil {
		event = Event{Kind: EventLeaseLost, Retried: true, Err: lost}
	}
	if !f.stray {
		b.engine.observe(context.Background(), a, event)
	}
}

func (b *backlog) drop(a *attempt, f finish) {
	if !f.stray {
		b.engine.observe(context.Background(), a, Event{Kind: EventFinishDropped})
	}
}

func (b *backlog) try(ctx context.Context, a *attempt, f finish) error {
	ctx, cancel := context.WithTimeout(ctx, a.brief())
	defer cancel()
	return f.apply(ctx, a)
}

// keep keeps the claim of an outcome alive: a store may refuse an outcome,
// being out of memory, and still take a heartbeat.
func (b *backlog) keep(ctx context.Context, a *attempt, f finish) {
	if f.verdict == Record {
		_ = a.extend(ctx, a.brief())
	}
}

// enter leaves most of the room to claims that are known to stand: a store that
// is down produces strays with every call.
func (b *backlog) enter(stray bool) bool {
	room := b.engine.backlogSize
	if stray {
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

// drain takes nothing new on and waits for what is pending, strays excepted.
func (b *backlog) drain(ctx context.Context) error {
	b.forget()
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

// sleep reports whether the time passed before the context ended.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jitter spreads callers that were refused at one time over half the pause.
func jitter(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // nobody gains by guessing it
}
