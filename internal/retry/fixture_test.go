package retry_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oncewire/idempotency/internal/retry"
)

var (
	settled = retry.Advice{}
	again   = retry.Advice{Retry: true}
	running = retry.Advice{Retry: true, Running: true}
)

// cut is the answer of a try that was cancelled.
const cut = -1

// script is a call whose tries get the given answers; the last one repeats. The
// answer is the number of the try.
type script struct {
	tries []try

	mu        sync.Mutex
	sent      []time.Time
	discarded []int
}

type try struct {
	takes  time.Duration
	advice retry.Advice
}

func (s *script) Try(ctx context.Context, n int) (int, retry.Advice) {
	s.mu.Lock()
	s.sent = append(s.sent, time.Now())
	s.mu.Unlock()
	step := s.tries[min(n, len(s.tries))-1]
	select {
	case <-time.After(step.takes):
		return n, step.advice
	case <-ctx.Done():
		return cut, settled
	}
}

func (s *script) Discard(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discarded = append(s.discarded, n)
}

// pauses are the times between the tries.
func (s *script) pauses() (pauses []time.Duration) {
	for i := 1; i < len(s.sent); i++ {
		pauses = append(pauses, s.sent[i].Sub(s.sent[i-1]))
	}
	return pauses
}

// got requires the answer, and that every other answer was discarded once.
func (s *script) got(t *testing.T, answer, want int, discarded ...int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.discarded)
	if answer != want || !slices.Equal(s.discarded, discarded) {
		t.Errorf("got answer %d and discarded %v, want %d and %v", answer, s.discarded, want, discarded)
	}
}

func (s *script) send(ctx context.Context, policy retry.Policy) int {
	return retry.Send(ctx, retry.NewClient(policy), s)
}
