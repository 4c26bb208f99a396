package redisstore_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/redistest"
)

// calls counts commands by name.
type calls map[string]int

// TestCommandsPerRequest reads INFO commandstats. Redis adds up the commands that a
// client sends and those that a script calls. So each step lists both, and their sum
// must be equal to the count of Redis.
func TestCommandsPerRequest(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: redistest.Start(t).Addr()})
	defer client.Close()
	s, key, other := store(t, client), newKey(), newKey()
	finish(t, s, newKey(), "the server knows the scripts from now on")
	_, err := s.Claim(t.Context(), newKey(), newClaim())
	ok(t, err)
	c := win(t, s, other)
	_, err = s.Claim(t.Context(), other, newClaim())
	ok(t, err)
	ok(t, s.Extend(t.Context(), other, c.Token, c.Lease, c.Retention))
	sealing, sealedKey := store(t, client, sealer(t, sealKey(1))), newKey()
	for _, step := range []struct {
		name            string
		sent, inScripts calls
		do              func()
	}{
		{"first call", calls{"pttl": 1, "set": 1, "evalsha": 1}, calls{"getrange": 1, "set": 1}, func() {
			finish(t, s, key, "an outcome")
		}},
		{"replay", calls{"pttl": 1, "set": 1}, nil, func() {
			replays(t, s, key, "an outcome")
		}},
		{"first call, sealed", calls{"pttl": 1, "set": 1, "evalsha": 1}, calls{"getrange": 2, "set": 1}, func() {
			finish(t, sealing, sealedKey, "an outcome")
		}},
		{"replay, sealed", calls{"pttl": 1, "set": 1}, nil, func() {
			replays(t, sealing, sealedKey, "an outcome")
		}},
		{"in progress", calls{"pttl": 1, "set": 1}, nil, func() {
			_, err := s.Claim(t.Context(), other, newClaim())
			ok(t, err)
		}},
		{"heartbeat", calls{"evalsha": 1}, calls{"getrange": 1, "pttl": 1, "pexpire": 1}, func() {
			ok(t, s.Extend(t.Context(), other, c.Token, c.Lease, c.Retention))
		}},
	} {
		before := stats(t, client)
		step.do()
		counted := stats(t, client)
		maps.DeleteFunc(counted, func(name string, n int) bool { return n == before[name] })
		for name := range counted {
			counted[name] -= before[name]
			counted[name] -= step.sent[name] + step.inScripts[name]
			if counted[name] != 0 {
				t.Errorf("%s: Redis counted %d more %q than %v sent and %v in scripts", step.name, counted[name], name, step.sent, step.inScripts)
			}
		}
	}
}

// stats returns the counts of the server, without this call of INFO.
func stats(tb testing.TB, client *redis.Client) calls {
	tb.Helper()
	info, err := client.Info(tb.Context(), "commandstats").Result()
	ok(tb, err)
	counted := calls{}
	for line := range strings.Lines(info) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		n, _, found := strings.Cut(rest, ",")
		if found && name != "info" {
			counted[name], err = strconv.Atoi(n)
			ok(tb, err)
		}
	}
	return counted
}

// TestEveryKeyExpires stores records of every kind. Only the one with the retention
// Forever may have no expiry.
func TestEveryKeyExpires(t *testing.T) {
	client := connect(t)
	s, eternal := store(t, client), newKey()
	forever := backend.Outcome{Retention: backend.Forever}
	ok(t, s.Complete(t.Context(), eternal, win(t, s, eternal).Token, forever))

	finish(t, s, newKey(), "finished")
	key := newKey()
	c := win(t, s, key)
	ok(t, s.Extend(t.Context(), key, c.Token, 0, backend.Forever))
	next := newClaim()
	next.Replaces, next.Lease, next.Retention = c.Token, backend.Forever, backend.Forever
	_, err := s.Claim(t.Context(), key, next)
	ok(t, err)
	brief := newClaim()
	brief.Lease, brief.Retention = time.Nanosecond, 0
	_, err = s.Claim(t.Context(), newKey(), brief)
	ok(t, err)

	names := client.Scan(t.Context(), 0, "*", 100).Iterator()
	for names.Next(t.Context()) {
		stays := client.PTTL(t.Context(), names.Val()).Val() == -1
		if stays != (names.Val() == "idem:"+eternal.String()) {
			t.Errorf("%s: has no expiry: %v", names.Val(), stays)
		}
	}
	ok(t, names.Err())
}
