package redisstore

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
)

// replicated waits until enough replicas have the record that stands under
// token. WAIT speaks of what its own connection has written, so the record is
// touched there first; that also serves a step which was sent twice and had
// nothing to write the second time.
func (s *Store) replicated(ctx context.Context, key backend.Key, token backend.Token) error {
	if s.replicas == 0 {
		return nil
	}
	name := s.name(key)
	touch := touchScript.call(ctx, true, name, token[:])
	wait := redis.NewIntCmd(ctx, "wait", s.replicas, s.replicasIn.Milliseconds())
	err := inTime(ctx, func() error {
		master, err := s.master(ctx, name)
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
	return s.acknowledged(touch, wait)
}

func (s *Store) acknowledged(touch *redis.Cmd, wait *redis.IntCmd) error {
	if n, _ := touch.Val().(int64); n == 0 {
		return backend.ErrClaimLost
	}
	if wait.Val() < int64(s.replicas) {
		return fmt.Errorf("%w: %d of %d within %v", ErrTooFewReplicas, wait.Val(), s.replicas, s.replicasIn)
	}
	return nil
}

// master returns a client for the one server that takes writes of the record.
func (s *Store) master(ctx context.Context, name string) (Client, error) {
	if c, ok := s.client.(cluster); ok {
		return c.MasterForKey(ctx, name)
	}
	return s.client, nil
}

// undo gives a claim back that replicas do not have; the claim that it took
// over must not be forgotten, so then it is left lapsed. It does what it can:
// what it cannot do, the end of the lease will.
func (s *Store) undo(ctx context.Context, key backend.Key, claim *backend.Claim) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.ownTimeout())
	defer cancel()
	if claim.Replaces == (backend.Token{}) {
		_, _ = releaseScript.count(ctx, s.via, s.name(key), claim.Token[:])
		return
	}
	_, _ = extendScript.count(ctx, s.via, s.name(key),
		claim.Token[:], 0, bigEndian(claim.Retention), expiry(0, claim.Retention))
}
