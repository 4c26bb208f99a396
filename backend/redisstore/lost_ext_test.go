package redisstore_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/internal/redistest"
)

// TestLostReplies loses one reply in ten while go-redis retries. The first claim of
// every key must win, and no key may stay blocked.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]redisstore.Option{
		"Plain":         nil,
		"AutoPipelined": {redisstore.WithAutoPipeline()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lossy(t, options...)
		})
	}
}

func lossy(t *testing.T, options ...redisstore.Option) {
	t.Helper()
	proxy := redistest.StartProxy(t, redisstore.ServerAddr(t), func() bool { return rand.IntN(10) == 0 })
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), DB: int(databases.Add(1))})
	defer client.Close()
	s := store(t, client, append(options, redisstore.WithTimeout(5*time.Second))...)
	var failed atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 100 {
				failed.Add(firstCall(t, s))
			}
		})
	}
	callers.Wait()
	t.Logf("%d replies lost, %d steps failed after all retries", proxy.Lost(), failed.Load())
	if proxy.Lost() == 0 {
		t.Error("no reply was lost")
	}
}

// firstCall makes a first call and its replay, and retries failed steps, as the engine
// does. It returns the number of failed steps.
func firstCall(t *testing.T, s backend.Store) (failed int64) {
	t.Helper()
	key, c := newKey(), newClaim()
	again := func(do func() error) {
		for err := do(); err != nil; err = do() {
			if failed++; failed > 20 {
				t.Errorf("the step never succeeds: %v", err)
				return
			}
		}
	}
	again(func() error {
		rec, err := s.Claim(t.Context(), key, c)
		if err == nil && rec.Token != c.Token {
			t.Error("the claim of a first call lost")
		}
		return err
	})
	again(func() error { return s.Extend(t.Context(), key, c.Token, c.Lease, c.Retention) })
	again(func() error { return s.Complete(t.Context(), key, c.Token, outcome("done")) })
	again(func() error {
		rec, err := s.Claim(t.Context(), key, newClaim())
		if err == nil && (rec.State != backend.Done || rec.Token != c.Token) {
			t.Errorf("a replay got state %d", rec.State)
		}
		return err
	})
	return failed
}
