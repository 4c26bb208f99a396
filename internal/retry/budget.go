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

// spend takes the token of a retry, and reports whether there was one.
func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// left reports whether there is a token.
func (b *budget) left() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tokens >= 1
}

// earn returns a part of a token for a call that was settled.
func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.tokens+b.refill, b.limit)
}
