package redisstore_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/redisstore"
)

func BenchmarkStore(b *testing.B) {
	backendtest.Benchmark(b, func(tb testing.TB) backend.Store {
		tb.Helper()
		return store(tb, connect(tb))
	})
}

// BenchmarkClaim compares the claim of an absent key with the command that it sends,
// through the same client.
func BenchmarkClaim(b *testing.B) {
	client := connect(b)
	s, c := store(b, client), newClaim()
	c.Lease, c.Retention = time.Second, time.Second
	value := make([]byte, 64)
	raw := redis.SetArgs{Mode: "NX", Get: true, TTL: 1999 * time.Millisecond}
	b.Run("Raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			err := client.SetArgs(b.Context(), "idem:"+newKey().String(), value, raw).Err()
			if !errors.Is(err, redis.Nil) {
				b.Fatal(err)
			}
		}
	})
	b.Run("Store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if rec, err := s.Claim(b.Context(), newKey(), c); err != nil || rec.Token != c.Token {
				b.Fatal(rec, err)
			}
		}
	})
}

// BenchmarkClaimByDefault uses a client that ignores deadlines.
func BenchmarkClaimByDefault(b *testing.B) {
	s, c := store(b, connect(b, func(o *redis.Options) { o.ContextTimeoutEnabled = false })), newClaim()
	c.Lease, c.Retention = time.Second, time.Second
	b.ReportAllocs()
	for b.Loop() {
		if rec, err := s.Claim(b.Context(), newKey(), c); err != nil || rec.Token != c.Token {
			b.Fatal(rec, err)
		}
	}
}

// BenchmarkReplay compares a replay with a GET of the same bytes.
func BenchmarkReplay(b *testing.B) {
	client := connect(b)
	s, key, c := store(b, client), newKey(), newClaim()
	finish(b, s, key, strings.Repeat("x", 300))
	b.Run("Raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if value, err := client.Get(b.Context(), "idem:"+key.String()).Bytes(); err != nil || len(value) != 364 {
				b.Fatal(value, err)
			}
		}
	})
	b.Run("Store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if rec, err := s.Claim(b.Context(), key, c); err != nil || len(rec.Outcome) != 300 {
				b.Fatal(rec, err)
			}
		}
	})
}

// BenchmarkSealed compares a first call and a replay with and without a sealer.
func BenchmarkSealed(b *testing.B) {
	for name, options := range map[string][]redisstore.Option{"Plain": nil, "Sealed": {sealer(b, sealKey(1))}} {
		s, key, c := store(b, connect(b), options...), newKey(), newClaim()
		bytes := strings.Repeat("x", 300)
		finish(b, s, key, bytes)
		b.Run("FirstCall/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				finish(b, s, newKey(), bytes)
			}
		})
		b.Run("Replay/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if rec, err := s.Claim(b.Context(), key, c); err != nil || len(rec.Outcome) != 300 {
					b.Fatal(rec, err)
				}
			}
		})
	}
}

// BenchmarkClaims128 has 128 concurrent callers, each with its own keys.
func BenchmarkClaims128(b *testing.B) {
	for name, options := range map[string][]redisstore.Option{
		"Plain": nil, "AutoPipelined": {redisstore.WithAutoPipeline()},
	} {
		b.Run(name, func(b *testing.B) {
			s, c := store(b, connect(b), options...), newClaim()
			c.Lease, c.Retention = time.Second, time.Second
			var left atomic.Int64
			left.Store(int64(b.N))
			var callers sync.WaitGroup
			b.ResetTimer()
			for range 128 {
				callers.Go(func() {
					for left.Add(-1) >= 0 {
						if rec, err := s.Claim(b.Context(), newKey(), c); err != nil || rec.Token != c.Token {
							b.Error(rec, err)
							return
						}
					}
				})
			}
			callers.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "claims/s")
		})
	}
}
