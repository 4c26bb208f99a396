package retry

import "sync"

// budget bounds the retries of a client, so that an outage does not multiply its
// calls. It is safe for concurrent use.
type budget struct {
	limit, refill float64

	mu     sync.Mutex
	tokens float64
}

func newBudget(limit, refill float64) *budget {
	return &budget{limit: limit, refill: refill, tokens: limit}
}

// spend takes a token for an answer that asks for a retry, and reports whether a
// retry is allowed.
func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = max(b.tokens-1, 0)
	return b.tokens > b.limit/2
}

// earn returns a part of a token for an answer that needs no retry.
func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+b.refill, b.limit)
}
