package idempotency

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// heart extends the lease of a handler that outlives a third of it. A short
// call only sets a timer and stops it again: no goroutine, and the timer is
// used again by the next call.
type heart struct {
	timer *time.Timer

	mu   sync.Mutex
	of   *attempt  // nil at rest
	last time.Time // when the last heartbeat that arrived was sent
}

func (e *Engine) startHeart(a *attempt) *heart {
	h, ok := e.hearts.Get().(*heart)
	if !ok {
		h = &heart{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of, h.last = a, a.since
	first := max(time.Until(a.since.Add(a.policy.Lease/3)), 0)
	if h.timer == nil {
		h.timer = time.AfterFunc(first, h.beat)
	} else {
		h.timer.Reset(first)
	}
	return h
}

func (e *Engine) stopHeart(h *heart) {
	h.mu.Lock()
	h.of = nil
	idle := h.timer.Stop()
	h.mu.Unlock()
	if idle { // else a beat is under way, and will find nobody
		e.hearts.Put(h)
	}
}

// beat sends a heartbeat, in the timer's goroutine, and plans the next one.
func (h *heart) beat() {
	h.mu.Lock()
	a, last := h.of, h.last
	h.mu.Unlock()
	if a == nil {
		return
	}
	sent := time.Now()
	timeout := a.brief()
	if left := last.Add(a.policy.Lease).Sub(sent); left > 0 {
		timeout = min(timeout, left) // by then the handler has to know
	}
	err := a.extend(context.WithoutCancel(a.base), timeout)
	if h.lost(a, sent, err) {
		a.engine.observe(a.base, a, Event{Kind: EventLeaseLost, Err: err})
	}
}

// lost takes the result of a heartbeat in, and reports whether the lease is
// gone: taken by another call, or run out while the store could not be reached.
// Then it has cancelled the handler, as by now another call may own the key; it
// does so under the lock, for whoever stops the heart to find.
func (h *heart) lost(a *attempt, sent time.Time, err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of != a { // finished meanwhile: the error is that, or nobody's concern
		return false
	}
	if err == nil {
		h.last = sent
	}
	lease := a.policy.Lease
	left := time.Until(h.last.Add(lease))
	if errors.Is(err, backend.ErrClaimLost) || left <= 0 {
		a.end(ErrClaimLost)
		return true
	}
	h.timer.Reset(pulse(lease, left, err))
	return false
}

// pulse is the time to the next heartbeat. It is shorter when one failed, so
// that several more fit into the lease.
func pulse(lease, left time.Duration, err error) time.Duration {
	if err == nil {
		return max(left-lease*2/3, 0)
	}
	return min(lease/10, left)
}

func (a *attempt) extend(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return a.engine.store.Extend(ctx, a.key, a.token, a.policy.Lease, a.policy.Retention)
}

// brief bounds a step that has to be over while the claim lives: several fit
// into its lease.
func (a *attempt) brief() time.Duration { return min(a.engine.storeTimeout, a.policy.Lease/3) }
