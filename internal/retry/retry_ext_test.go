package retry_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/internal/retry"
)

var (
	settled = retry.Advice{}
	again   = retry.Advice{Retry: true}
)

// script is a call whose tries get the given answers; the last one repeats.
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

func (s *script) once(ctx context.Context) (int, retry.Advice) {
	s.mu.Lock()
	n := len(s.sent)
	s.sent = append(s.sent, time.Now())
	s.mu.Unlock()
	step := s.tries[min(n, len(s.tries)-1)]
	select {
	case <-time.After(step.takes):
		return n, step.advice
	case <-ctx.Done():
		return -1, settled
	}
}

func (s *script) discard(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discarded = append(s.discarded, n)
}

func (s *script) send(ctx context.Context, policy retry.Policy) retry.Answer[int] {
	return retry.Send(ctx, retry.NewClient(policy), s.once, s.discard)
}

func TestSettledCallIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{advice: settled}}}
		if answer := s.send(t.Context(), retry.Default()); answer.Value != 0 || len(s.sent) != 1 {
			t.Errorf("got answer %d after %d tries", answer.Value, len(s.sent))
		}
	})
}

func TestRetriesUntilSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{advice: again}, {advice: again}, {advice: settled}}}
		if answer := s.send(t.Context(), retry.Default()); answer.Value != 2 || len(s.discarded) != 2 {
			t.Errorf("got answer %d, discarded %v", answer.Value, s.discarded)
		}
		for i, bounds := range [][2]time.Duration{{50, 150}, {100, 300}} {
			if pause := s.sent[i+1].Sub(s.sent[i]); pause < bounds[0]*time.Millisecond || pause > bounds[1]*time.Millisecond {
				t.Errorf("pause %d is %v, want it between %v", i+1, pause, bounds)
			}
		}
	})
}

func TestAttemptsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{advice: again}}}
		answer := s.send(t.Context(), retry.Default())
		if answer.Value != retry.DefaultMaxAttempts-1 || !answer.Advice.Retry || len(s.sent) != retry.DefaultMaxAttempts {
			t.Errorf("got answer %+v after %d tries", answer, len(s.sent))
		}
	})
}

func TestServerCanAskForALongerPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{advice: retry.Advice{Retry: true, After: 7 * time.Second}}, {advice: settled}}}
		s.send(t.Context(), retry.Default())
		if pause := s.sent[1].Sub(s.sent[0]); pause != 7*time.Second {
			t.Errorf("paused %v", pause)
		}
	})
}

// TestNoRetryBeyondTheDeadline: the answer is returned at once, instead of a pause
// that would use the caller's time up.
func TestNoRetryBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		s := &script{tries: []try{{advice: retry.Advice{Retry: true, After: time.Second}}}}
		if answer := s.send(ctx, retry.Default()); answer.Value != 0 || time.Since(start) != 0 {
			t.Errorf("got answer %d after %v", answer.Value, time.Since(start))
		}
	})
}

func TestCancelledPauseReturnsTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		s := &script{tries: []try{{advice: again}}}
		if answer := s.send(ctx, retry.Default()); answer.Value != 0 || len(s.sent) != 1 {
			t.Errorf("got answer %d after %d tries", answer.Value, len(s.sent))
		}
	})
}

// TestBudgetStopsRetries of all calls of a client during an outage, and allows
// them again after enough calls were settled.
func TestBudgetStopsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := retry.Default()
		policy.MaxAttempts = 2
		client := retry.NewClient(policy)
		send := func(advice retry.Advice) (tries int) {
			s := &script{tries: []try{{advice: advice}}}
			retry.Send(t.Context(), client, s.once, s.discard)
			return len(s.sent)
		}
		total := 0
		for range 100 {
			total += send(again)
		}
		if total >= 110 {
			t.Errorf("100 calls in an outage were sent %d times", total)
		}
		if tries := send(again); tries != 1 {
			t.Errorf("sent %d times with an empty budget", tries)
		}
		for range 100 {
			send(settled)
		}
		if tries := send(again); tries != 2 {
			t.Errorf("sent %d times with a full budget", tries)
		}
	})
}

func hedging() retry.Policy {
	policy := retry.Default()
	policy.HedgeAfter = 100 * time.Millisecond
	return policy
}

func TestFastCallIsNotHedged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: 99 * time.Millisecond, advice: settled}}}
		answer := s.send(t.Context(), hedging())
		answer.Release()
		synctest.Wait()
		if answer.Value != 0 || len(s.sent) != 1 || len(s.discarded) != 0 {
			t.Errorf("got answer %d after %d tries, discarded %v", answer.Value, len(s.sent), s.discarded)
		}
	})
}

// TestSecondTryWins, and the first one is cancelled and discarded.
func TestSecondTryWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &script{tries: []try{{takes: time.Hour}, {takes: 10 * time.Millisecond, advice: settled}}}
		answer := s.send(t.Context(), hedging())
		answer.Release()
		if took := time.Since(start); answer.Value != 1 || took != 110*time.Millisecond {
			t.Errorf("got answer %d after %v", answer.Value, took)
		}
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.discarded) != 1 || s.discarded[0] != -1 {
			t.Errorf("discarded %v", s.discarded)
		}
	})
}

// TestInProgressDoesNotWin: the second try finds the first one running.
func TestInProgressDoesNotWin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: time.Second, advice: settled}, {advice: again}}}
		answer := s.send(t.Context(), hedging())
		answer.Release()
		if answer.Value != 0 || len(s.sent) != 2 {
			t.Errorf("got answer %d after %d tries", answer.Value, len(s.sent))
		}
	})
}

func TestHedgedTriesAreRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: time.Second, advice: again}, {takes: 2 * time.Second, advice: again}, {advice: settled}}}
		answer := s.send(t.Context(), hedging())
		answer.Release()
		if answer.Value != 2 || len(s.discarded) != 2 {
			t.Errorf("got answer %d, discarded %v", answer.Value, s.discarded)
		}
	})
}

func TestBadPolicies(t *testing.T) {
	for want, change := range map[string]func(*retry.Policy){
		"attempts": func(p *retry.Policy) { p.MaxAttempts = 0 },
		"backoff":  func(p *retry.Policy) { p.MaxBackoff = time.Millisecond },
		"budget":   func(p *retry.Policy) { p.Refill = 0 },
		"hedging":  func(p *retry.Policy) { p.HedgeAfter = 1 },
	} {
		policy := retry.Default()
		change(&policy)
		if err := policy.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
	policy := retry.Default()
	if err := policy.Validate(); err != nil {
		t.Error(err)
	}
}
