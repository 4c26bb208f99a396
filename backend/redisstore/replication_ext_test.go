package redisstore_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/internal/redistest"
)

// TestMinReplicas: a winning claim and its completion are on the replica when the step
// returns. Without the replica both fail, and the claim is released.
func TestMinReplicas(t *testing.T) {
	master, client := own(t)
	replica, copied := replicating(t, master, client)
	s, key := store(t, client, redisstore.WithMinReplicas(1, 5*time.Second)), newKey()
	c := win(t, s, key)
	if n := copied.Exists(t.Context(), "idem:"+key.String()).Val(); n != 1 {
		t.Error("the claim is not on the replica")
	}
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	if got := copied.GetRange(t.Context(), "idem:"+key.String(), 64, -1).Val(); got != "done" {
		t.Errorf("the replica has the outcome %q", got)
	}

	late := newKey()
	unfinished := win(t, s, late)
	replica.Kill()
	s = store(t, client, redisstore.WithMinReplicas(1, 100*time.Millisecond))
	lonely := newKey()
	_, err := s.Claim(t.Context(), lonely, newClaim())
	want(t, err, redisstore.ErrTooFewReplicas)
	if n := client.Exists(t.Context(), "idem:"+lonely.String()).Val(); n != 0 {
		t.Error("the claim that failed was not released")
	}
	for range 2 { // the second one writes nothing, and must fail too
		err = s.Complete(t.Context(), late, unfinished.Token, outcome("late"))
		want(t, err, redisstore.ErrTooFewReplicas)
	}
	replays(t, s, key, "done") // a replay does not wait for replicas, or it would fail
}

// replicating returns a synchronized replica of the master, and a client for it.
func replicating(t *testing.T, master *redistest.Server, client *redis.Client) (*redistest.Server, *redis.Client) {
	t.Helper()
	host, port, err := net.SplitHostPort(master.Addr())
	ok(t, err)
	replica, copied := own(t, "--replicaof", host+" "+port)
	eventually(t, "the replica to have a write", func() bool {
		var copies *redis.Cmd // WAIT covers only writes of its own connection
		_, _ = client.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
			pipe.Set(t.Context(), "probe", "", time.Minute)
			copies = pipe.Do(t.Context(), "wait", 1, 1000)
			return nil
		})
		n, _ := copies.Int()
		return n == 1
	})
	return replica, copied
}

// TestLostBeforeItIsReplicated: between a step and the wait for replicas, its record is
// removed or replaced by that of another claim, as after a failover. The replicas are
// up to date, but they do not have the record of the step.
func TestLostBeforeItIsReplicated(t *testing.T) {
	master, client := own(t)
	replicating(t, master, client)
	disturb := &beforePipelines{}
	disturbed := redis.NewClient(&redis.Options{Addr: master.Addr()})
	defer disturbed.Close()
	disturbed.AddHook(disturb)
	s := store(t, disturbed, redisstore.WithMinReplicas(1, 5*time.Second))
	for what, do := range map[string]func(key backend.Key) (current backend.Claim){
		"removed": func(key backend.Key) backend.Claim {
			ok(t, client.Del(t.Context(), name(key)).Err())
			return win(t, store(t, client), newKey()) // a later write is on the replica
		},
		"replaced": func(key backend.Key) backend.Claim {
			ok(t, client.Del(t.Context(), name(key)).Err())
			return win(t, store(t, client), key)
		},
	} {
		t.Run(what, func(t *testing.T) {
			key, other := newKey(), newKey()
			var current backend.Claim
			disturb.do = func() { current = do(key) }
			_, err := s.Claim(t.Context(), key, newClaim())
			want(t, err, backend.ErrClaimLost)
			if what == "replaced" {
				ok(t, store(t, client).Complete(t.Context(), key, current.Token, outcome("done"))) // it was not released
			}

			disturb.do = func() {}
			c := win(t, s, other)
			disturb.do = func() { do(other) }
			want(t, s.Complete(t.Context(), other, c.Token, outcome("done")), backend.ErrClaimLost)
		})
	}
}

// beforePipelines is a hook that runs a function before every pipeline.
type beforePipelines struct{ do func() }

func (h *beforePipelines) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (h *beforePipelines) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h *beforePipelines) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[len(cmds)-1].Name() == "wait" { // not the pipelines of a handshake
			h.do()
		}
		return next(ctx, cmds)
	}
}

// TestFailedTakeoverStaysExpired: a takeover that replicas do not have leaves an expired
// claim, so that the next claim is a takeover again.
func TestFailedTakeoverStaysExpired(t *testing.T) {
	client := connect(t)
	key := newKey()
	first := win(t, store(t, client), key)
	ok(t, store(t, client).Extend(t.Context(), key, first.Token, 0, time.Hour))
	next := newClaim()
	next.Replaces, next.Attempt = first.Token, 2
	_, err := store(t, client, redisstore.WithMinReplicas(1, 10*time.Millisecond)).Claim(t.Context(), key, next)
	want(t, err, redisstore.ErrTooFewReplicas)
	rec, err := store(t, client).Claim(t.Context(), key, newClaim())
	ok(t, err)
	if rec.State != backend.Running || rec.Attempt != 2 || !rec.Expired() {
		t.Errorf("found state %d, attempt %d, %v left", rec.State, rec.Attempt, rec.LeaseLeft)
	}
}
