package redisstore_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/internal/redistest"
)

// own returns a new server for the test, and a client with the defaults of go-redis.
func own(t *testing.T, args ...string) (*redistest.Server, *redis.Client) {
	t.Helper()
	server := redistest.Start(t, args...)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	return server, client
}

// hours is a ReadTimeout longer than any test: a step that ends earlier was ended by
// the store.
const hours = 2 * time.Hour

// TestScriptsAreFlushed flushes the scripts between any two steps.
func TestScriptsAreFlushed(t *testing.T) {
	_, client := own(t)
	s, key := store(t, client), newKey()
	flush := func() { ok(t, client.ScriptFlush(t.Context()).Err()) }
	c := win(t, s, key)
	flush()
	ok(t, s.Extend(t.Context(), key, c.Token, 0, time.Hour))
	flush()
	next := newClaim()
	next.Replaces = c.Token
	rec, err := s.Claim(t.Context(), key, next)
	ok(t, err)
	if rec.Token != next.Token {
		t.Error("the takeover lost")
	}
	flush()
	ok(t, s.Complete(t.Context(), key, next.Token, outcome("done")))
	flush()
	replays(t, s, key, "done")
}

// TestRestartedEmpty restarts a server without persistence.
func TestRestartedEmpty(t *testing.T) {
	server, client := own(t)
	s, key := store(t, client), newKey()
	c := win(t, s, key)
	ok(t, server.Restart())
	want(t, s.Complete(t.Context(), key, c.Token, outcome("late")), backend.ErrClaimLost)
	finish(t, s, key, "again")
	replays(t, s, key, "again")
}

// TestDownAndHanging: every step fails within its timeout, whether the server refuses
// connections or accepts them and does not reply, and whether or not the client
// respects deadlines. Afterwards the store recovers by itself.
func TestDownAndHanging(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]redisstore.Option{
		"Plain":         nil,
		"AutoPipelined": {redisstore.WithAutoPipeline()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: hours})
			defer client.Close()
			s := store(t, client, append(options, redisstore.WithTimeout(100*time.Millisecond))...)
			finish(t, s, newKey(), "before")

			server.Pause()
			failsInTime(t, s)
			server.Resume()
			heals(t, s)

			server.Kill()
			failsInTime(t, s)
			ok(t, server.Restart())
			heals(t, s)
		})
	}
}

func failsInTime(t *testing.T, s *redisstore.Store) {
	t.Helper()
	for name, step := range map[string]func(ctx context.Context) error{
		"Claim": func(ctx context.Context) error {
			_, err := s.Claim(ctx, newKey(), newClaim())
			return err
		},
		"Extend":   func(ctx context.Context) error { return s.Extend(ctx, newKey(), newClaim().Token, 0, 0) },
		"Complete": func(ctx context.Context) error { return s.Complete(ctx, newKey(), newClaim().Token, outcome("")) },
		"Release":  func(ctx context.Context) error { return s.Release(ctx, newKey(), newClaim().Token) },
		"Wait":     func(ctx context.Context) error { return s.Wait(ctx, newKey(), newClaim().Token) },
		"Check": func(ctx context.Context) error {
			_, err := s.Check(ctx)
			return err
		},
	} {
		start := time.Now()
		err := step(t.Context())
		if took := time.Since(start); err == nil || took > time.Minute {
			t.Errorf("%s: %v after %v, want an error after 100ms", name, err, took)
		}
	}
}

func heals(t *testing.T, s *redisstore.Store) {
	t.Helper()
	eventually(t, "the store to recover", func() bool {
		c := newClaim()
		rec, err := s.Claim(t.Context(), newKey(), c)
		return err == nil && rec.Token == c.Token
	})
}

// TestContextEndsFirst: a step returns the error of the context at its end, although
// the server hangs and the client would wait for hours.
func TestContextEndsFirst(t *testing.T) {
	server := redistest.Start(t)
	for name, respects := range map[string]bool{"RespectsDeadlines": true, "ByDefault": false} {
		t.Run(name, func(t *testing.T) {
			client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: hours, ContextTimeoutEnabled: respects})
			defer client.Close()
			s := store(t, client)
			win(t, s, newKey())
			server.Pause()
			defer server.Resume()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := s.Claim(ctx, newKey(), newClaim())
			want(t, err, context.DeadlineExceeded)
			if took := time.Since(start); took > time.Minute {
				t.Errorf("Claim took %v, want 50ms", took)
			}
		})
	}
}

// TestNoPileUp: while the server hangs, the number of goroutines that calls leave is
// limited by the client's pool, and they end after its ReadTimeout.
func TestNoPileUp(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), PoolSize: 10, ReadTimeout: 500 * time.Millisecond})
	defer client.Close()
	s := store(t, client, redisstore.WithTimeout(20*time.Millisecond))
	_, _ = s.Claim(t.Context(), newKey(), newClaim())
	server.Pause()
	defer server.Resume()
	before := runtime.NumGoroutine()
	var callers sync.WaitGroup
	for range 1000 {
		callers.Go(func() {
			if _, err := s.Claim(t.Context(), newKey(), newClaim()); err == nil {
				t.Error("a claim succeeded on a server that hangs")
			}
		})
	}
	callers.Wait()
	eventually(t, "calls that wait for a connection to end", func() bool {
		return runtime.NumGoroutine() < before+4*10
	})
}

// TestOutOfMemory: a claim is refused with a clear error, while running claims can be
// extended and released, and records can be read.
func TestOutOfMemory(t *testing.T) {
	_, client := own(t, "--maxmemory-policy", "noeviction")
	s, key, other := store(t, client), newKey(), newKey()
	c, gone := win(t, s, key), win(t, s, other)
	ok(t, client.ConfigSet(t.Context(), "maxmemory", "1").Err())

	_, err := s.Claim(t.Context(), newKey(), newClaim())
	want(t, err, backend.ErrFull)
	if err == nil || !strings.Contains(err.Error(), "maxmemory") {
		t.Errorf("the error %v does not name the cause", err)
	}
	ok(t, s.Extend(t.Context(), key, c.Token, c.Lease, c.Retention))
	ok(t, s.Release(t.Context(), other, gone.Token))
	if err := s.Complete(t.Context(), key, c.Token, outcome("too much")); err == nil {
		t.Error("Complete succeeded without memory")
	}
	waited, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	want(t, s.Wait(waited, key, c.Token), context.DeadlineExceeded)

	ok(t, client.ConfigSet(t.Context(), "maxmemory", "0").Err())
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("now")))
	replays(t, s, key, "now")
}
