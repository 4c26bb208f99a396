package retry

import (
	"context"

	"github.com/oncewire/idempotency/internal/sleep"
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

// Hedges reports whether calls are to be sent by [Race] instead of [Send].
func (c *Client) Hedges() bool { return c.policy.HedgeAfter > 0 }

// Send sends a call until an answer settles it, and returns the last answer. It
// stops when the policy's attempts or the budget are used up, when the server asks
// for a pause longer than MaxPause, and when the context would end before the next
// try.
func Send[T any](ctx context.Context, c *Client, call Call[T]) T {
	tries := tries{client: c}
	for {
		answer, advice := call.Try(ctx, tries.begin())
		pause, again := tries.after(ctx, advice)
		if !again || !sleep.For(ctx, pause) {
			return answer
		}
		call.Discard(answer)
	}
}
