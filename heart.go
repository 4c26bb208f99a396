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

	mu      sync.Mutex
	of      *attempt  // nil at rest
	last    time.Time // when the last heartbeat that arrived was sent
	abandon bool      // how a claim ended while a heartbeat was under way
}

func (e *Engine) startHeart(a *attempt) *heart {
	h, ok := e.hearts.Get().(*heart)
	if !ok {
		h = &heart{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of, h.last = a, a.since
	first := max(time.Until(a.since.Add(a.claim.policy.Lease/3)), 0)
	if h.timer == nil {
		h.timer = time.AfterFunc(first, h.beat)
	} else {
		h.timer.Reset(first)
	}
	return h
}

// stopHeart ends the heartbeats of a claim that ends with the verdict.
func (e *Engine) stopHeart(h *heart, verdict Verdict) {
	h.mu.Lock()
	h.of, h.abandon = nil, verdict == Abandon
	idle := h.timer.Stop()
	h.mu.Unlock()
	if idle { // else a heartbeat is under way, and ends by itself
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
	timeout := a.claim.brief()
	if left := last.Add(a.claim.policy.Lease).Sub(sent); left > 0 {
		timeout = min(timeout, left) // by then the handler has to know
	}
	err := a.claim.extend(context.WithoutCancel(a.base), timeout)
	switch h.after(a, sent, err) {
	case heartbeatLost:
		event := a.event(EventLeaseLost)
		event.Err = err
		a.engine.tellSafely(a.base, event)
	case heartbeatLate:
		a.engine.backlog.add(a.call.Operation, a.claim, finish{verdict: Abandon, unconfirmed: true})
	}
}

// What can follow a heartbeat.
type heartbeatResult uint8

const (
	heartbeatDone heartbeatResult = iota
	heartbeatLost                 // the lease is gone, and the handler is cancelled
	heartbeatLate                 // it may revive a claim that was abandoned meanwhile
)

// after takes the result of a heartbeat in. The lease is gone when another call
// took the claim over, or when it ran out while the store could not be reached.
// The handler is then cancelled, as another call may own the key by now: under
// the lock, so that stopHeart finds it cancelled.
func (h *heart) after(a *attempt, sent time.Time, err error) heartbeatResult {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of != a { // finished meanwhile
		if h.abandon && !errors.Is(err, backend.ErrClaimLost) {
			return heartbeatLate
		}
		return heartbeatDone
	}
	if err == nil {
		h.last = sent
	}
	lease := a.claim.policy.Lease
	left := time.Until(h.last.Add(lease))
	if errors.Is(err, backend.ErrClaimLost) || left <= 0 {
		a.end(ErrClaimLost)
		return heartbeatLost
	}
	h.timer.Reset(untilNext(lease, left, err))
	return heartbeatDone
}

// untilNext is the time to the next heartbeat. It is shorter when one failed,
// so that several more fit into the lease.
func untilNext(lease, left time.Duration, err error) time.Duration {
	if err == nil {
		return max(left-lease*2/3, 0)
	}
	return min(lease/10, left)
}
