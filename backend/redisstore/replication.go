package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
)

// replication waits for the replicas that WithMinReplicas requires.
type replication struct {
	client   Client
	prefix   keyPrefix
	replicas int // zero to not wait
	within   time.Duration
}

// wait returns when enough replicas have the record of key under token.
// The command WAIT covers only writes of its own connection, so the record is
// first written again on that connection. That also covers a step that was sent
// twice and wrote nothing the second time.
func (r *replication) wait(ctx context.Context, key backend.Key, token backend.Token) error {
	if r.replicas == 0 {
		return nil
	}
	name := r.prefix.name(key)
	touch := touchScript.command(ctx, true, name, token[:])
	wait := redis.NewIntCmd(ctx, "wait", r.replicas, r.within.Milliseconds())
	err := interrupt(ctx, func() error {
		master, err := r.master(ctx, name)
		if err != nil {
			return err
		}
		_, err = master.Pipelined(ctx, func(p redis.Pipeliner) error {
			_ = p.Process(ctx, touch)
			return p.Process(ctx, wait)
		})
		return err
	})
	if err != nil {
		return err
	}
	return r.evaluate(touch, wait)
}

// evaluate returns the error that the two replies mean.
func (r *replication) evaluate(touch *redis.Cmd, wait *redis.IntCmd) error {
	if n, _ := touch.Val().(int64); n == 0 {
		return backend.ErrClaimLost
	}
	if wait.Val() < int64(r.replicas) {
		return fmt.Errorf("%w: %d of %d within %v", ErrTooFewReplicas, wait.Val(), r.replicas, r.within)
	}
	return nil
}

// master returns a client for the server that takes the writes of the record.
func (r *replication) master(ctx context.Context, name string) (Client, error) {
	if c, ok := r.client.(cluster); ok {
		return c.MasterForKey(ctx, name)
	}
	return r.client, nil
}
