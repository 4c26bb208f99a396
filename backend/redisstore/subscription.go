package redisstore

import (
	"context"

	"github.com/oncewire/idempotency/backend"
)

// claimID identifies a claim.
type claimID struct {
	key   backend.Key
	token backend.Token
}

// subscription is the wait of this process for the end of one claim. All
// callers of Wait for that claim share it.
type subscription struct {
	claim   claimID
	channel string // the name of the record
	waiters int    // protected by subscriptions.mu
	cancel  context.CancelFunc

	confirmed chan struct{} // closed when Redis has confirmed the subscription
	published chan struct{} // closed when Redis has published an end on the channel

	done chan struct{} // closed when the wait is over
	err  error         // result of the wait; read it only after done is closed
}

func newSubscription(claim claimID, channel string, cancel context.CancelFunc) *subscription {
	return &subscription{
		claim:     claim,
		channel:   channel,
		cancel:    cancel,
		confirmed: make(chan struct{}),
		published: make(chan struct{}),
		done:      make(chan struct{}),
	}
}

// confirm closes confirmed, once. go-redis subscribes again, and Redis confirms
// again, after each reconnection. The pubSub runs it with its lock held.
func (s *subscription) confirm() {
	select {
	case <-s.confirmed:
	default:
		close(s.confirmed)
	}
}

// finish ends the wait.
func (s *subscription) finish(err error) {
	s.err = err
	close(s.done)
}
