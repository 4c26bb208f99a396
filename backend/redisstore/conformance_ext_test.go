package redisstore_test

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/redisstore"
)

// clients maps each store to its client.
var clients sync.Map

// held counts with DBSIZE, which does not free expired keys.
func held(tb testing.TB, s backend.Store) int {
	tb.Helper()
	client, _ := clients.Load(s)
	n, err := client.(*redis.Client).DBSize(tb.Context()).Result()
	ok(tb, err)
	return int(n)
}

func inParallel(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		f(t)
	})
}

// conforms runs the suite on stores with the options. They have a longer timeout than
// usual, because any step can be slow in the suite.
func conforms(t *testing.T, connect func(tb testing.TB) *redis.Client, options ...redisstore.Option) {
	t.Helper()
	t.Parallel()
	backendtest.Run(t, backendtest.Harness{
		Open: func(tb testing.TB) backend.Store {
			tb.Helper()
			client := connect(tb)
			s := store(tb, client, append(options, redisstore.WithTimeout(20*time.Second))...)
			clients.Store(s, client)
			return s
		},
		Held:       held,
		Subtest:    inParallel,
		Tick:       20 * time.Millisecond,
		Resolution: time.Millisecond,
	})
}

func plain(tb testing.TB) *redis.Client {
	tb.Helper()
	return connect(tb)
}

func TestConformance(t *testing.T) { conforms(t, plain) }

// TestConformanceByDefault uses a client with the defaults of go-redis, which ignores
// deadlines.
func TestConformanceByDefault(t *testing.T) {
	conforms(t, func(tb testing.TB) *redis.Client {
		tb.Helper()
		return connect(tb, func(o *redis.Options) { o.ContextTimeoutEnabled = false })
	})
}

func TestConformanceAutoPipelined(t *testing.T) {
	conforms(t, plain, redisstore.WithAutoPipeline())
}

func TestConformanceSealedAndCompressed(t *testing.T) {
	sealer, err := redisstore.NewAESGCM(redisstore.SealKey{ID: 1, Secret: bytes.Repeat([]byte{1}, 32)})
	ok(t, err)
	conforms(t, plain, redisstore.WithSealer(sealer), redisstore.WithCompression(0))
}

// TestConformanceBeforeRedis7 simulates a server that does not support SET with both
// NX and GET.
func TestConformanceBeforeRedis7(t *testing.T) {
	conforms(t, func(tb testing.TB) *redis.Client {
		tb.Helper()
		client := connect(tb)
		client.AddHook(&redis6{})
		return client
	})
}

// TestOldServerIsDetectedOnce: the missing support is detected once, not in every call.
func TestOldServerIsDetectedOnce(t *testing.T) {
	client, old := connect(t), &redis6{}
	client.AddHook(old)
	s := store(t, client)
	for range 10 {
		win(t, s, newKey())
	}
	if old.refused != 1 {
		t.Errorf("the server refused %d commands, want 1", old.refused)
	}
}

// redis6 is a hook that rejects a SET with NX and GET, as Redis 6 does.
type redis6 struct {
	mu      sync.Mutex
	refused int
}

func (h *redis6) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *redis6) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		known := slices.DeleteFunc(slices.Clone(cmds), h.refuses)
		err := next(ctx, known)
		for _, cmd := range cmds {
			err = cmp.Or(err, cmd.Err())
		}
		return err
	}
}

func (h *redis6) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if h.refuses(cmd) {
			return cmd.Err()
		}
		return next(ctx, cmd)
	}
}

func (h *redis6) refuses(cmd redis.Cmder) bool {
	args := cmd.Args()
	if cmd.Name() != "set" || args[len(args)-1] != "get" {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused++
	cmd.SetErr(syntaxError("ERR syntax error"))
	return true
}

// syntaxError is an error reply of a server.
type syntaxError string

func (e syntaxError) Error() string { return string(e) }
func (syntaxError) RedisError()     {}
