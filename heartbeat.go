package idempotency

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// heartbeats extend the lease of every handler that runs longer than a third of it.
// A shorter call only starts and stops a timer, which the next call reuses, and
// needs no goroutine.
type heartbeats struct {
	pool sync.Pool // of *heartbeat
	// onLost is called when the lease of a handler's claim is lost.
	onLost func(*handlerContext, error)
	// onLate is called when a heartbeat may have revived a claim that was
	// abandoned while the heartbeat was being sent.
	onLate func(*handlerContext)
}

type heartbeat struct {
	all   *heartbeats
	timer *time.Timer

	mu        sync.Mutex
	handler   *handlerContext // nil while unused
	extended  time.Time       // when the last successful claim or heartbeat was sent
	abandoned bool            // the lease of the last claim was ended; matters while a heartbeat is being sent
}

// start begins the heartbeats of a claim that was sent at the given time.
func (all *heartbeats) start(handler *handlerContext, sent time.Time) *heartbeat {
	h, ok := all.pool.Get().(*heartbeat)
	if !ok {
		h = &heartbeat{all: all}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handler, h.extended = handler, sent
	first := max(time.Until(sent.Add(handler.claim.policy.Lease/3)), 0)
	if h.timer == nil {
		h.timer = time.AfterFunc(first, h.send)
	} else {
		h.timer.Reset(first)
	}
	return h
}

// stop ends the heartbeats of a claim that is finished like this.
func (h *heartbeat) stop(f *finish) {
	h.mu.Lock()
	h.handler, h.abandoned = nil, f.endsLease()
	stopped := h.timer.Stop()
	h.mu.Unlock()
	if stopped { // otherwise a heartbeat is being sent, and h is not reused
		h.all.pool.Put(h)
	}
}

// send sends a heartbeat, in the timer's goroutine, and schedules the next one.
func (h *heartbeat) send() {
	h.mu.Lock()
	handler, extended := h.handler, h.extended
	h.mu.Unlock()
	if handler == nil {
		return
	}
	sent := time.Now()
	timeout := handler.claim.shortTimeout()
	if left := extended.Add(handler.claim.policy.Lease).Sub(sent); left > 0 {
		timeout = min(timeout, left) // the handler is cancelled when the lease ends
	}
	err := handler.extend(context.WithoutCancel(handler.ctx.base), timeout)
	if report := h.handleReply(handler, sent, err); report != nil {
		report()
	}
}

// handleReply processes the reply to a heartbeat, and returns a function to call
// after unlocking, or nil. The lease is lost when another call took the claim over,
// or when it ended while the store could not be reached. The handler is then
// cancelled, since another call may own the key now. That happens under the lock, so
// that the handler's context already shows the loss when stop returns.
func (h *heartbeat) handleReply(handler *handlerContext, sent time.Time, err error) (report func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.handler != handler { // finished meanwhile
		if h.abandoned && !errors.Is(err, backend.ErrClaimLost) {
			return func() { h.all.onLate(handler) }
		}
		return nil
	}
	if err == nil {
		h.extended = sent
	}
	lease := handler.claim.policy.Lease
	left := time.Until(h.extended.Add(lease))
	if errors.Is(err, backend.ErrClaimLost) || left <= 0 {
		handler.ctx.cancel(ErrClaimLost)
		return func() { h.all.onLost(handler, err) }
	}
	h.timer.Reset(heartbeatPause(lease, left, err))
	return nil
}

// heartbeatPause is the time until the next heartbeat. It is shorter after a
// failed one, so that several more fit into the lease.
func heartbeatPause(lease, left time.Duration, err error) time.Duration {
	if err == nil {
		return max(left-lease*2/3, 0)
	}
	return min(lease/10, left)
}
