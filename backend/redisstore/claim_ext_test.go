package redisstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
)

// between is a hook that sends the commands of a claim one by one, and runs a function
// after the first one.
type between struct{ do func() }

func (b *between) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (b *between) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (b *between) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() != "pttl" {
			return next(ctx, cmds) // of a new connection
		}
		err := next(ctx, cmds[:1])
		b.do()
		return errors.Join(err, next(ctx, cmds[1:]))
	}
}

// TestClaimWhileTheRecordChanges changes the record after Claim has read its expiry,
// and before it reads the record. It still gets the record as it is then, and its
// lease is not reported as expired.
func TestClaimWhileTheRecordChanges(t *testing.T) {
	for name, c := range map[string]struct {
		before func(t *testing.T, other backend.Store, key backend.Key)
		change func(t *testing.T, other backend.Store, key backend.Key) backend.Claim
	}{
		"claimed": {
			before: func(*testing.T, backend.Store, backend.Key) {},
			change: func(t *testing.T, other backend.Store, key backend.Key) backend.Claim {
				t.Helper()
				return win(t, other, key)
			},
		},
		"taken over": {
			before: func(t *testing.T, other backend.Store, key backend.Key) {
				t.Helper()
				expired(t, other, key)
			},
			change: func(t *testing.T, other backend.Store, key backend.Key) backend.Claim {
				t.Helper()
				next := newClaim()
				next.Replaces = backend.Token{1}
				rec, err := other.Claim(t.Context(), key, next)
				ok(t, err)
				if rec.Token != next.Token {
					t.Fatal("the takeover lost")
				}
				return next
			},
		},
		"extended": {
			before: func(t *testing.T, other backend.Store, key backend.Key) {
				t.Helper()
				expired(t, other, key)
			},
			change: func(t *testing.T, other backend.Store, key backend.Key) backend.Claim {
				t.Helper()
				c := newClaim()
				c.Token = backend.Token{1}
				ok(t, other.Extend(t.Context(), key, c.Token, time.Hour, time.Hour))
				return c
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, key := connect(t), newKey()
			other := store(t, redis.NewClient(client.Options()))
			c.before(t, other, key)
			var alive backend.Claim
			client.AddHook(&between{func() { alive = c.change(t, other, key) }})
			rec, err := store(t, client).Claim(t.Context(), key, newClaim())
			ok(t, err)
			if rec.Token != alive.Token || rec.LeaseLeft <= 0 || rec.LeaseLeft > time.Hour {
				t.Errorf("Claim: token %s with %v of its lease left, want %s", rec.Token, rec.LeaseLeft, alive.Token)
			}
		})
	}
}

// expired claims the key with a lease that has expired, under the token 1.
func expired(t *testing.T, s backend.Store, key backend.Key) {
	t.Helper()
	c := newClaim()
	c.Token = backend.Token{1}
	_, err := s.Claim(t.Context(), key, c)
	ok(t, err)
	ok(t, s.Extend(t.Context(), key, c.Token, 0, time.Hour))
}

// TestClaimWithoutItsExpiry: a server that does not let Claim read the expiry outside
// a script costs a round trip, and nothing else.
func TestClaimWithoutItsExpiry(t *testing.T) {
	client, key := connect(t), newKey()
	client.AddHook(&refusing{"pttl"})
	s := store(t, client)
	first := win(t, s, key)
	rec, err := s.Claim(t.Context(), key, newClaim())
	ok(t, err)
	if rec.Token != first.Token || rec.LeaseLeft <= 0 {
		t.Errorf("Claim: token %s with %v of its lease left, want %s", rec.Token, rec.LeaseLeft, first.Token)
	}
	ok(t, s.Complete(t.Context(), key, first.Token, outcome("done")))
	replays(t, s, key, "done")
}

// refusing is a hook that rejects a command in a pipeline, as a server does whose user
// may not run it.
type refusing struct{ name string }

func (r *refusing) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (r *refusing) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (r *refusing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		refused, rest := error(nil), []redis.Cmder{}
		for _, cmd := range cmds {
			if cmd.Name() == r.name {
				refused = syntaxError("NOPERM this user has no permissions to run the command")
				cmd.SetErr(refused)
			} else {
				rest = append(rest, cmd)
			}
		}
		return errors.Join(refused, next(ctx, rest))
	}
}
