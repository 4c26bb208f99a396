package retry

import (
	"context"
	"time"
)

// Call is a call that can be sent several times.
type Call[T any] interface {
	// Try sends the call for the nth time, counted from 1, and waits for its
	// answer. [Race] calls it concurrently.
	Try(ctx context.Context, n int) (T, Advice)
	// Discard frees what an answer holds that is not returned, such as its body.
	Discard(answer T)
}

// Advice says what an answer means for a retry.
type Advice struct {
	// Retry is true if the answer does not settle the call, and sending it again
	// with the same key may.
	Retry bool
	// Running is true if the answer says that an earlier try is still running.
	// Asking again takes no token of the budget, and does not count as a try if
	// the context has a deadline.
	Running bool
	// After is the least time to wait before a retry, as the server asked for;
	// zero if it did not.
	After time.Duration
}
