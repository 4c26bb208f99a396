package idempotency

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// heartbeats extend the leases of handlers that outlive a third of them. A short
// call only sets a timer and stops it again: no goroutine, and the timer is used
// again by the next call.
type heartbeats struct {
	pool sync.Pool // of *heartbeat
	// lost is called when the lease of an execution is gone.
	lost func(*execution, error)
	// late is called when a heartbeat may revive a claim that was abandoned while
	// it was under way.
	late func(*execution)
}

type heartbeat struct {
	all   *heartbeats
	timer *time.Timer

	mu      sync.Mutex
	of      *execution // nil at rest
	last    time.Time  // when the last heartbeat that arrived was sent
	abandon bool       // the claim was abandoned while a heartbeat was under way
}

// start begins the heartbeats of a claim that was sent at the given time.
func (all *heartbeats) start(x *execution, sent time.Time) *heartbeat {
	h, ok := all.pool.Get().(*heartbeat)
	if !ok {
		h = &heartbeat{all: all}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of, h.last = x, sent
	first := max(time.Until(sent.Add(x.claim.policy.Lease/3)), 0)
	if h.timer == nil {
		h.timer = time.AfterFunc(first, h.beat)
	} else {
		h.timer.Reset(first)
	}
	return h
}

// stop ends the heartbeats of a claim that ends with the verdict.
func (h *heartbeat) stop(verdict Verdict) {
	h.mu.Lock()
	h.of, h.abandon = nil, verdict == Abandon
	idle := h.timer.Stop()
	h.mu.Unlock()
	if idle { // else a heartbeat is under way, and ends by itself
		h.all.pool.Put(h)
	}
}

// beat sends a heartbeat, in the timer's goroutine, and plans the next one.
func (h *heartbeat) beat() {
	h.mu.Lock()
	x, last := h.of, h.last
	h.mu.Unlock()
	if x == nil {
		return
	}
	sent := time.Now()
	timeout := x.claim.brief()
	if left := last.Add(x.claim.policy.Lease).Sub(sent); left > 0 {
		timeout = min(timeout, left) // by then the handler has to know
	}
	err := x.claim.extend(context.WithoutCancel(x.ctx.base), timeout)
	if then := h.after(x, sent, err); then != nil {
		then()
	}
}

// after takes the result of a heartbeat in, and returns what is to be done
// without the lock. The lease is gone when another call took the claim over, or
// when it ran out while the store could not be reached. The handler is then
// cancelled, as another call may own the key by now: under the lock, so that
// whoever stops the heartbeats finds it cancelled.
func (h *heartbeat) after(x *execution, sent time.Time, err error) (then func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of != x { // finished meanwhile
		if h.abandon && !errors.Is(err, backend.ErrClaimLost) {
			return func() { h.all.late(x) }
		}
		return nil
	}
	if err == nil {
		h.last = sent
	}
	lease := x.claim.policy.Lease
	left := time.Until(h.last.Add(lease))
	if errors.Is(err, backend.ErrClaimLost) || left <= 0 {
		x.ctx.end(ErrClaimLost)
		return func() { h.all.lost(x, err) }
	}
	h.timer.Reset(untilNext(lease, left, err))
	return nil
}

// untilNext is the time to the next heartbeat. It is shorter when one failed, so
// that several more fit into the lease.
func untilNext(lease, left time.Duration, err error) time.Duration {
	if err == nil {
		return max(left-lease*2/3, 0)
	}
	return min(lease/10, left)
}
