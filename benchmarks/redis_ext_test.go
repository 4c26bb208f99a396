package benchmarks_test

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/benchmarks/internal/subject"
	"github.com/oncewire/idempotency/internal/redistest"
)

// raw is the subject that sends the least that the work needs to Redis, with the same
// client and without any library.
const raw = "raw"

// BenchmarkRedis makes calls of 200 bytes within the process, one after the other, with
// a store in Redis. The raw subject sends two commands for a first call, SET NX GET and
// SET, and otherwise one GET.
func BenchmarkRedis(b *testing.B) {
	size, address := subject.Sizes()[0], redistest.Shared(b).Addr()
	for _, work := range []string{"first", "replay", "running", "mismatch"} {
		b.Run("size="+size.Name+"/work="+work+"/subject="+raw, func(b *testing.B) { rawRedis(b, address, size, work) })
		each(b, "size="+size.Name, work, func(b *testing.B, s subject.Subject) {
			effect := &subject.Effect{Answer: size.Answer()}
			server := s.Open(b, effect, address)
			defer server.Close()
			prepared := prepare(b, server, effect, size, work)
			defer prepared.end()
			redisRun++
			share(b, 1, true, func() func(int) {
				return func(n int) {
					if status, _ := prepared.call(redisKey(n)); status != statusOf[work] {
						b.Errorf("status %d", status)
					}
				}
			})
		})
	}
}

// redisRun makes the keys of each run new, since all runs share one Redis.
var redisRun int

func redisKey(n int) string { return subject.Key(redisRun*10_000_000 + n) }

func rawRedis(b *testing.B, address string, size subject.Size, work string) {
	b.Helper()
	client := redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true})
	defer client.Close()
	claim, outcome := make([]byte, 64), make([]byte, 64+size.Bytes)
	if err := client.Set(b.Context(), "raw:done", outcome, time.Hour).Err(); err != nil {
		b.Fatal(err)
	}
	redisRun++
	share(b, 1, true, func() func(int) {
		return func(n int) {
			if work != "first" {
				if err := client.Get(b.Context(), "raw:done").Err(); err != nil {
					b.Error(err)
				}
				return
			}
			name := "raw:" + redisKey(n)
			err := client.SetArgs(b.Context(), name, claim, redis.SetArgs{Mode: "NX", Get: true, TTL: time.Hour}).Err()
			if !errors.Is(err, redis.Nil) {
				b.Error(err)
			}
			if err := client.Set(b.Context(), name, outcome, time.Hour).Err(); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkRedisClaims claims absent keys in Redis from several callers at once. The raw
// subject sends the same SET through the same client.
func BenchmarkRedisClaims(b *testing.B) {
	address := redistest.Shared(b).Addr()
	for _, callers := range callerCounts() {
		for _, m := range []struct {
			subject, pipeline string
			options           []redisstore.Option
		}{
			{subject.Ours, "off", nil},
			{subject.Ours, "on", []redisstore.Option{redisstore.WithAutoPipeline()}},
		} {
			name := "callers=" + strconv.Itoa(callers) + "/work=claim/pipeline=" + m.pipeline + "/subject=" + m.subject
			b.Run(name, func(b *testing.B) {
				store := subject.OpenRedis(b, address, m.options...)
				defer store.Close()
				claims(b, callers, func(key backend.Key, claim backend.Claim) error {
					record, err := store.Claim(b.Context(), key, claim)
					if err == nil && record.Token != claim.Token {
						err = errors.New(http.StatusText(http.StatusConflict))
					}
					return err
				})
			})
		}
		rawClaims(b, address, callers)
	}
}

// claims makes first claims, each with a key of its own.
func claims(b *testing.B, callers int, claim func(backend.Key, backend.Claim) error) {
	b.Helper()
	redisRun++
	share(b, callers, true, func() func(int) {
		return func(n int) {
			key := backend.Key(sha256.Sum256([]byte(redisKey(n))))
			token := backend.Token(key[:16])
			if err := claim(key, backend.Claim{Token: token, Attempt: 1, Lease: time.Second, Retention: time.Second}); err != nil {
				b.Error(err)
			}
		}
	})
}

func rawClaims(b *testing.B, address string, callers int) {
	b.Helper()
	arguments := redis.SetArgs{Mode: "NX", Get: true, TTL: 2 * time.Second}
	for _, pipeline := range []string{"off", "on"} {
		b.Run("callers="+strconv.Itoa(callers)+"/work=claim/pipeline="+pipeline+"/subject="+raw, func(b *testing.B) {
			client := redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true, PoolSize: 32})
			defer client.Close()
			var sender redis.Cmdable = client
			if pipeline == "on" {
				pipelined, err := client.AutoPipeline()
				if err != nil {
					b.Fatal(err)
				}
				sender = pipelined
			}
			value := make([]byte, 64)
			claims(b, callers, func(key backend.Key, _ backend.Claim) error {
				err := sender.SetArgs(b.Context(), "raw:"+key.String(), value, arguments).Err()
				if errors.Is(err, redis.Nil) {
					return nil
				}
				return err
			})
		})
	}
}
