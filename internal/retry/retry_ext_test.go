package retry_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/internal/retry"
)

func TestSettledCallIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{advice: settled}}}
		s.got(t, s.send(t.Context(), retry.Default()), 1)
	})
}

func TestRetriesUntilSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{advice: again}, {advice: again}, {advice: settled}}}
		s.got(t, s.send(t.Context(), retry.Default()), 3, 1, 2)
		least := 50 * time.Millisecond
		for i, pause := range s.pauses() {
			if longest := 3*least + 1; pause < least || pause > longest {
				t.Errorf("pause %d is %v, want at least %v", i+1, pause, least)
			}
			least *= 2
		}
	})
}

func TestAttemptsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{advice: again}}}
		s.got(t, s.send(t.Context(), retry.Default()), retry.DefaultMaxAttempts, 1, 2, 3)
	})
}

func TestServerCanAskForALongerPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{advice: retry.Advice{Retry: true, After: 7 * time.Second}}, {advice: settled}}}
		s.send(t.Context(), retry.Default())
		if pause := s.pauses()[0]; pause != 7*time.Second {
			t.Errorf("paused %v", pause)
		}
	})
}

// TestNoRetryAfterTooLongAPause: the caller decides whether to wait so long.
func TestNoRetryAfterTooLongAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := retry.Default()
		for after, want := range map[time.Duration]int{policy.MaxPause: 2, policy.MaxPause + 1: 1} {
			s := &script{tries: []try{{advice: retry.Advice{Retry: true, After: after}}, {advice: settled}}}
			if answer := s.send(t.Context(), policy); answer != want {
				t.Errorf("a pause of %v: got answer %d, want %d", after, answer, want)
			}
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
		if answer := s.send(ctx, retry.Default()); answer != 1 || time.Since(start) != 0 {
			t.Errorf("got answer %d after %v", answer, time.Since(start))
		}
	})
}

func TestCancelledPauseReturnsTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		s := &script{tries: []try{{advice: again}}}
		s.got(t, s.send(ctx, retry.Default()), 1)
	})
}

// TestRunningCallIsAwaitedUntilTheDeadline: its tries do not count.
func TestRunningCallIsAwaitedUntilTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := &script{tries: []try{{advice: running}, {advice: running}, {advice: running}, {advice: running}, {advice: running}, {advice: settled}}}
		s.got(t, s.send(ctx, retry.Default()), 6, 1, 2, 3, 4, 5)
	})
}

func TestRunningCallIsNotAwaitedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{advice: running}}}
		s.got(t, s.send(t.Context(), retry.Default()), retry.DefaultMaxAttempts, 1, 2, 3)
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
			retry.Send(t.Context(), client, s)
			return len(s.sent)
		}
		total := 0
		for range 1000 {
			total += send(again)
		}
		if total != 1000+retry.DefaultBudget {
			t.Errorf("1000 calls in an outage were sent %d times", total)
		}
		if tries := send(running); tries != 2 {
			t.Errorf("a running call was asked for %d times with an empty budget", tries)
		}
		for range 11 {
			send(settled)
		}
		if first, second := send(again), send(again); first != 2 || second != 1 {
			t.Errorf("sent %d and %d times with one token", first, second)
		}
	})
}

// TestCallOfAnEndedContextReturnsNothing to the budget: the server may be down.
func TestCallOfAnEndedContextReturnsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := retry.Default()
		policy.MaxAttempts, policy.Budget, policy.Refill = 2, 1, 1
		client := retry.NewClient(policy)
		retry.Send(t.Context(), client, &script{tries: []try{{advice: again}}})
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		retry.Send(ended, client, &script{tries: []try{{takes: time.Second, advice: settled}}})
		s := &script{tries: []try{{advice: again}}}
		s.got(t, retry.Send(t.Context(), client, s), 1)
	})
}

func TestBadPolicies(t *testing.T) {
	for want, change := range map[string]func(*retry.Policy){
		"attempts": func(p *retry.Policy) { p.MaxAttempts = 0 },
		"backoff":  func(p *retry.Policy) { p.MaxBackoff = time.Millisecond },
		"pause":    func(p *retry.Policy) { p.MaxPause = 0 },
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
