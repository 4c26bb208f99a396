package retry

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// tries counts the tries of one call, and decides about the next one. It is not
// safe for concurrent use.
type tries struct {
	client *Client
	sent   int // all of them
	free   int // those that do not count
	pauses *backoff.ExponentialBackOff
}

// begin returns the number of a try that is sent now.
func (t *tries) begin() int {
	t.sent++
	return t.sent
}

// left reports whether the call may be sent once more.
func (t *tries) left() bool { return t.sent-t.free < t.client.policy.MaxAttempts }

// after returns the pause before the next try, if there is to be one after an
// answer.
func (t *tries) after(ctx context.Context, advice Advice) (pause time.Duration, again bool) {
	switch {
	case !advice.Retry:
		if ctx.Err() == nil { // else the state of the server is unknown
			t.client.budget.earn()
		}
		return 0, false
	case advice.After > t.client.policy.MaxPause:
		return 0, false
	}
	deadline, bounded := ctx.Deadline()
	if advice.Running && bounded {
		t.free++
	}
	pause = max(t.backOff(), advice.After)
	if !t.left() || bounded && time.Until(deadline) <= pause {
		return 0, false
	}
	return pause, advice.Running || t.client.budget.spend()
}

func (t *tries) backOff() time.Duration {
	if t.pauses == nil {
		t.pauses = backoff.NewExponentialBackOff()
		t.pauses.InitialInterval, t.pauses.MaxInterval = t.client.policy.InitialBackoff, t.client.policy.MaxBackoff
		t.pauses.Multiplier, t.pauses.RandomizationFactor = 2, 0.5
	}
	return t.pauses.NextBackOff()
}
