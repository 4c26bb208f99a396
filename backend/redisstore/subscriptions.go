package redisstore

import (
	"context"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// How often a subscription polls its claim: after Redis has confirmed the
// subscription, and before.
const (
	pollConfirmed   = 2 * time.Second
	pollUnconfirmed = 100 * time.Millisecond
)

// subscriptions are the subscriptions of one store, at most one for each claim.
type subscriptions struct {
	sender        sender
	prefix        keyPrefix
	steps         *steps
	pubSub        *pubSub
	pollConfirmed time.Duration // tests change it

	running sync.WaitGroup // one for each subscription that is not done

	mu     sync.Mutex
	closed bool
	active map[claimID]*subscription
}

func newSubscriptions(client Client, via sender, prefix keyPrefix, steps *steps) *subscriptions {
	return &subscriptions{
		sender:        via,
		prefix:        prefix,
		steps:         steps,
		pubSub:        newPubSub(client, steps.ownTimeout()),
		pollConfirmed: pollConfirmed,
		active:        make(map[claimID]*subscription),
	}
}

// join returns the subscription for the claim, and starts it if there is none.
// The caller must leave it.
func (s *subscriptions) join(key backend.Key, token backend.Token) *subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	claim := claimID{key, token}
	sub := s.active[claim]
	if sub == nil {
		sub = s.start(claim)
	}
	sub.waiters++
	return sub
}

// start starts a subscription. In a closed store the subscription is done at
// once. The caller holds mu.
func (s *subscriptions) start(claim claimID) *subscription {
	ctx, cancel := context.WithCancel(context.Background())
	sub := newSubscription(claim, s.prefix.name(claim.key), cancel)
	if s.closed {
		sub.finish(backend.ErrClosed)
		return sub
	}
	s.active[claim] = sub
	s.running.Go(func() { s.finish(sub, s.watch(ctx, sub)) })
	return sub
}

// leave ends the subscription if this was its last waiter.
func (s *subscriptions) leave(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sub.waiters--; sub.waiters == 0 {
		sub.cancel()
		s.remove(sub)
	}
}

// finish ends the subscription with the result of watch. A later waiter gets a
// new subscription, because the lease of the claim may be renewed.
func (s *subscriptions) finish(sub *subscription, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(sub)
	if s.closed {
		err = backend.ErrClosed
	}
	sub.finish(err)
}

// remove makes the next join start a new subscription. The caller holds mu.
func (s *subscriptions) remove(sub *subscription) {
	if s.active[sub.claim] == sub {
		delete(s.active, sub.claim)
	}
}

// close ends every subscription and waits for its goroutine.
func (s *subscriptions) close() {
	s.mu.Lock()
	s.closed = true
	for _, sub := range s.active {
		sub.cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
	s.pubSub.close()
}

// watch returns nil when the claim has ended. It first reads the claim, which
// also marks it as watched, and subscribes only if the claim is still alive. An
// end between that read and the confirmation of the subscription is detected by
// the read that follows the confirmation.
func (s *subscriptions) watch(ctx context.Context, sub *subscription) error {
	left, err := s.leaseLeft(ctx, sub)
	if err != nil || left <= 0 {
		return err
	}
	s.pubSub.add(ctx, sub)
	defer s.pubSub.remove(sub)
	confirmed, poll := sub.confirmed, pollUnconfirmed
	for {
		select {
		case <-sub.published:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-confirmed:
			confirmed, poll = nil, s.pollConfirmed
		case <-time.After(min(left, poll)):
		}
		if left, err = s.leaseLeft(ctx, sub); err != nil || left <= 0 {
			return err
		}
	}
}

// leaseLeft returns how much of the lease of the claim is left, zero if the
// claim has ended, and marks the claim as watched.
func (s *subscriptions) leaseLeft(ctx context.Context, sub *subscription) (left time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.steps.ownTimeout())
	defer cancel()
	err = s.steps.run(ctx, "wait", func(ctx context.Context) error {
		n, err := watchScript.runInt(ctx, s.sender, sub.channel, sub.claim.token[:])
		left = time.Duration(n) * time.Millisecond
		return err
	})
	return left, err
}
