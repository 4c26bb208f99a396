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

// own returns a server of the test's own, and a client with go-redis's
// defaults.
func own(t *testing.T, args ...string) (*redistest.Server, *redis.Client) {
	t.Helper()
	server := redistest.Start(t, args...)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	return server, client
}

// hours is a ReadTimeout that no test lives to see: what ends sooner was ended by
// the store.
const hours = 2 * time.Hour

// TestScriptsAreFlushed between any two steps.
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

// TestRestartedEmpty is what a server without persistence does.
func TestRestartedEmpty(t *testing.T) {
	server, client := own(t)
	s, key := store(t, client), newKey()
	c := win(t, s, key)
	ok(t, server.Restart())
	want(t, s.Complete(t.Context(), key, c.Token, outcome("late")), backend.ErrClaimLost)
	finish(t, s, key, "anew")
	replays(t, s, key, "anew")
}

// TestDownAndHanging: every step fails within its time, whether the server
// refuses connections or takes them and says nothing, and whether or not the
// client heeds deadlines; afterwards the store heals by itself.
func TestDownAndHanging(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]redisstore.Option{
		"Plain":         nil,
		"AutoPipelined": {redisstore.WithAutoPipeline()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: hours})
			defer client.Close()
			s := store(t, client, append(opts, redisstore.WithTimeout(100*time.Millisecond))...)
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
	eventually(t, "the store to heal", func() bool {
		c := newClaim()
		rec, err := s.Claim(t.Context(), newKey(), c)
		return err == nil && rec.Token == c.Token
	})
}

// TestContextEndsFirst: the error is the context's and comes in its time,
// although the server hangs and the client may wait for hours.
func TestContextEndsFirst(t *testing.T) {
	server := redistest.Start(t)
	for name, heeds := range map[string]bool{"Heeding": true, "ByDefault": false} {
		t.Run(name, func(t *testing.T) {
			client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: hours, ContextTimeoutEnabled: heeds})
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

// TestNoPileUp: while the server hangs, calls leave no more behind than the
// client has connections, and those end by its ReadTimeout.
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
				t.Error("a server that hangs took a claim")
			}
		})
	}
	callers.Wait()
	eventually(t, "those who wait for a connection to give up", func() bool {
		return runtime.NumGoroutine() < before+4*10
	})
}

// TestOutOfMemory: a claim is refused with a clear error, while what runs can
// be kept alive, given up, and found again.
func TestOutOfMemory(t *testing.T) {
	_, client := own(t, "--maxmemory-policy", "noeviction")
	s, key, other := store(t, client), newKey(), newKey()
	c, gone := win(t, s, key), win(t, s, other)
	ok(t, client.ConfigSet(t.Context(), "maxmemory", "1").Err())

	_, err := s.Claim(t.Context(), newKey(), newClaim())
	want(t, err, backend.ErrFull)
	if err == nil || !strings.Contains(err.Error(), "maxmemory") {
		t.Errorf("the error %v does not say what is wrong", err)
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
