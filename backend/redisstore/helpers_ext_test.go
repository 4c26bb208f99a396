package redisstore_test

import (
	"crypto/rand"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/redisstore"
)

// databases counts the databases of the shared server that tests use.
var databases atomic.Int64

// connect returns a client for a new empty database. The client respects deadlines.
func connect(tb testing.TB, change ...func(*redis.Options)) *redis.Client {
	tb.Helper()
	o := &redis.Options{Addr: redisstore.ServerAddr(tb), DB: int(databases.Add(1)) % 1024, ContextTimeoutEnabled: true}
	for _, f := range change {
		f(o)
	}
	client := redis.NewClient(o)
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

// store returns a store that is closed when the test ends.
func store(tb testing.TB, client redisstore.Client, options ...redisstore.Option) *redisstore.Store {
	tb.Helper()
	s, err := redisstore.New(client, options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func newKey() (k backend.Key) {
	_, _ = rand.Read(k[:])
	return k
}

// newClaim returns a claim with a lease and a retention of one hour.
func newClaim() backend.Claim {
	c := backend.Claim{Attempt: 1, Lease: time.Hour, Retention: time.Hour}
	_, _ = rand.Read(c.Token[:])
	_, _ = rand.Read(c.Fingerprint[:])
	return c
}

func outcome(bytes string) backend.Outcome {
	return backend.Outcome{Bytes: []byte(bytes), Retention: time.Hour}
}

// win claims the key with a new claim, which must win.
func win(tb testing.TB, s backend.Store, key backend.Key) backend.Claim {
	tb.Helper()
	c := newClaim()
	rec, err := s.Claim(tb.Context(), key, c)
	if err != nil || rec.Token != c.Token {
		tb.Fatalf("Claim: %v, %v, must win", rec, err)
	}
	return c
}

// finish claims the key and completes the claim.
func finish(tb testing.TB, s backend.Store, key backend.Key, bytes string) backend.Claim {
	tb.Helper()
	c := win(tb, s, key)
	ok(tb, s.Complete(tb.Context(), key, c.Token, outcome(bytes)))
	return c
}

// replays requires that the key is finished with the outcome.
func replays(tb testing.TB, s backend.Store, key backend.Key, want string) {
	tb.Helper()
	rec, err := s.Claim(tb.Context(), key, newClaim())
	if err != nil || rec.State != backend.Done || string(rec.Outcome) != want {
		tb.Errorf("Claim: state %d, %d bytes, %v, want %d bytes", rec.State, len(rec.Outcome), err, len(want))
	}
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("unexpected error: %v", err)
	}
}

func want(tb testing.TB, err, target error) {
	tb.Helper()
	if !errors.Is(err, target) {
		tb.Errorf("got error %v, want %v", err, target)
	}
}

// eventually polls until done returns true. The limit is long because an election can
// be slow on a busy machine.
func eventually(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	for start := time.Now(); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 2*time.Minute {
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}
