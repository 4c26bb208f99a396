package retry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/internal/retry"
)

// race sends the call with hedging after 100 ms, until nothing of it is left. It
// returns the answer and what it took to get it.
func (s *script) race(ctx context.Context, change func(*retry.Policy)) (answer int, took time.Duration) {
	policy := retry.Default()
	policy.HedgeAfter = 100 * time.Millisecond
	if change != nil {
		change(&policy)
	}
	return s.raceOn(ctx, retry.NewClient(policy))
}

func (s *script) raceOn(ctx context.Context, client *retry.Client) (answer int, took time.Duration) {
	start := time.Now()
	answer, release := retry.Race(ctx, client, s)
	took = time.Since(start)
	release()
	synctest.Wait()
	return answer, took
}

func TestFastCallIsNotHedged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: 99 * time.Millisecond, advice: settled}}}
		answer, _ := s.race(t.Context(), nil)
		s.got(t, answer, 1)
	})
}

// TestSecondTryWins, and the first one is cancelled and discarded.
func TestSecondTryWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: time.Hour}, {takes: 10 * time.Millisecond, advice: settled}}}
		answer, took := s.race(t.Context(), nil)
		if s.got(t, answer, 2, cut); took != 110*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestFirstTryStillWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: 150 * time.Millisecond, advice: settled}, {takes: time.Hour}}}
		answer, took := s.race(t.Context(), nil)
		if s.got(t, answer, 1, cut); took != 150*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

// TestWinnerStaysAlive until it is released.
func TestWinnerStaysAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var contexts [2]context.Context
		call := tryFunc(func(ctx context.Context, n int) (int, retry.Advice) {
			contexts[n-1] = ctx
			if n == 1 {
				<-ctx.Done()
			}
			return n, settled
		})
		policy := retry.Default()
		policy.HedgeAfter = time.Second
		_, release := retry.Race(t.Context(), retry.NewClient(policy), call)
		synctest.Wait()
		if contexts[0].Err() == nil || contexts[1].Err() != nil {
			t.Errorf("contexts: loser %v, winner %v", contexts[0].Err(), contexts[1].Err())
		}
		if release(); contexts[1].Err() == nil {
			t.Error("the released answer's context is alive")
		}
	})
}

type tryFunc func(context.Context, int) (int, retry.Advice)

func (f tryFunc) Try(ctx context.Context, n int) (int, retry.Advice) { return f(ctx, n) }
func (tryFunc) Discard(int)                                          {}

// TestInProgressDoesNotWin: the second try finds the first one running.
func TestInProgressDoesNotWin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: 120 * time.Millisecond, advice: settled}, {advice: running}}}
		answer, _ := s.race(t.Context(), nil)
		s.got(t, answer, 1, 2)
	})
}

// TestLostReplyOfTheFirstTry: it had the claim, and its answer never comes. The
// second try says so until the call is done, and a later one gets the answer.
func TestLostReplyOfTheFirstTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: time.Hour}, {advice: running}, {advice: running}, {advice: settled}}}
		answer, took := s.race(t.Context(), nil)
		if s.got(t, answer, 4, cut, 2, 3); took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestHedgedTriesAreRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: 120 * time.Millisecond, advice: again}, {takes: 30 * time.Millisecond, advice: again}, {advice: settled}}}
		answer, _ := s.race(t.Context(), nil)
		s.got(t, answer, 3, 1, 2)
	})
}

// TestHedgingCountsAsAnAttempt: the later of two answers that settle nothing is
// returned.
func TestHedgingCountsAsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: time.Second, advice: again}, {takes: time.Minute, advice: again}}}
		answer, took := s.race(t.Context(), func(p *retry.Policy) { p.MaxAttempts = 2 })
		if s.got(t, answer, 2, 1); took != time.Minute+100*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

func TestNoHedgingWithoutAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{tries: []try{{takes: time.Hour, advice: again}}}
		answer, _ := s.race(t.Context(), func(p *retry.Policy) { p.MaxAttempts = 1 })
		s.got(t, answer, 1)
	})
}

func TestNoHedgingWithoutBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		policy := retry.Default()
		policy.HedgeAfter, policy.Budget, policy.Refill = time.Second, 1, 0.5
		client := retry.NewClient(policy)
		down := &script{tries: []try{{advice: again}}}
		answer, _ := down.raceOn(t.Context(), client)
		down.got(t, answer, 2, 1)
		slow := &script{tries: []try{{takes: time.Hour, advice: settled}}}
		answer, _ = slow.raceOn(t.Context(), client)
		slow.got(t, answer, 1)
	})
}

func TestDeadlineEndsBothTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s := &script{tries: []try{{takes: time.Hour}}}
		answer, took := s.race(ctx, nil)
		if s.got(t, answer, cut, cut); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestCancelledPauseOfARaceReturnsTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		s := &script{tries: []try{{advice: again}}}
		answer, _ := s.race(ctx, nil)
		s.got(t, answer, 1)
	})
}
