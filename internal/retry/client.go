package retry

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Client holds what the calls of one client share. It is safe for concurrent use.
type Client struct {
	policy Policy
	budget *budget
}

// NewClient returns a client with a valid policy.
func NewClient(policy Policy) *Client {
	return &Client{policy: policy, budget: newBudget(policy.Budget, policy.Refill)}
}

// Advice says what an answer means for a retry.
type Advice struct {
	// Retry is true if the answer does not settle the call, and sending it again
	// with the same key may.
	Retry bool
	// After is the least time to wait before that, as the server asked for; zero
	// if it did not.
	After time.Duration
}

// Answer is what came of sending a call once.
type Answer[T any] struct {
	Value  T
	Advice Advice
	// Release frees what the answer holds, such as its context or its body. It is
	// called once for every answer that is not returned, and is left to the caller
	// for the one that is. It is never nil.
	Release func()
}

// Send sends a call until an answer settles it, and returns the last answer. It
// stops when the policy's attempts or the budget are used up, and when the
// context would end before the next attempt.
func Send[T any](ctx context.Context, c *Client, once func(context.Context) (T, Advice), discard func(T)) Answer[T] {
	var pauses *backoff.ExponentialBackOff
	for attempt := 1; ; attempt++ {
		answer := hedged(ctx, c.policy.HedgeAfter, once, discard)
		if !answer.Advice.Retry {
			c.budget.earn()
			return answer
		}
		if !c.budget.spend() || attempt >= c.policy.MaxAttempts {
			return answer
		}
		if pauses == nil {
			pauses = c.policy.pauses()
		}
		if !sleep(ctx, max(pauses.NextBackOff(), answer.Advice.After)) {
			return answer
		}
		discard(answer.Value)
		answer.Release()
	}
}

func (p *Policy) pauses() *backoff.ExponentialBackOff {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = p.InitialBackoff, p.MaxBackoff
	pauses.Multiplier, pauses.RandomizationFactor = 2, 0.5
	pauses.Reset()
	return pauses
}

// sleep reports whether the pause passed. It returns at once if the context would
// end before that.
func sleep(ctx context.Context, pause time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
