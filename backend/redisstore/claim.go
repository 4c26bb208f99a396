package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
)

// Claim implements [backend.Store]. It costs one command where the key is
// absent or finished, and two where it is running. It returns
// [backend.ErrFull] when Redis has reached its maxmemory and evicts nothing.
func (s *Store) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (record backend.Record, err error) {
	err = s.step(ctx, "claim", func(ctx context.Context) error {
		if record, err = s.claim(ctx, key, &claim); err != nil || record.Token != claim.Token {
			return err
		}
		if err = s.replicated(ctx, key, claim.Token); err != nil {
			s.undo(ctx, key, &claim)
		}
		return err
	})
	if err != nil {
		return backend.Record{}, err
	}
	return record, nil
}

// claim sends a plain SET unless it takes more than that. What that finds
// running is looked at again by a script: the value and its expiry belong
// together, and two commands could see two different claims.
func (s *Store) claim(ctx context.Context, key backend.Key, claim *backend.Claim) (backend.Record, error) {
	mine, err := s.running(key, claim)
	if err != nil {
		return backend.Record{}, err
	}
	if claim.Replaces != (backend.Token{}) || s.scripted.Load() {
		return s.claimByScript(ctx, key, claim, mine)
	}
	value, err := s.set(ctx, key, claim, mine)
	switch {
	case errors.Is(err, redis.Nil):
		return won(claim), nil
	case redis.HasErrorPrefix(err, "syntax error"):
		s.scripted.Store(true)
		return s.claimByScript(ctx, key, claim, mine)
	case err != nil:
		return backend.Record{}, err
	}
	found, err := decode(value)
	if err != nil {
		return backend.Record{}, err
	}
	if found.State == backend.Running {
		return s.claimByScript(ctx, key, claim, mine)
	}
	return s.view(key, &found, 0)
}

// set returns what stands, or redis.Nil when the claim has won.
func (s *Store) set(ctx context.Context, key backend.Key, claim *backend.Claim, mine []byte) ([]byte, error) {
	cmd := redis.NewStringCmd(ctx, "set", s.name(key), mine,
		"px", expiry(claim.Lease, claim.Retention), "nx", "get")
	if err := s.via.send(ctx, cmd); err != nil {
		return nil, err
	}
	return cmd.Bytes()
}

func (s *Store) claimByScript(ctx context.Context, key backend.Key, claim *backend.Claim, mine []byte) (backend.Record, error) {
	var replaces []byte
	if claim.Replaces != (backend.Token{}) {
		replaces = claim.Replaces[:]
	}
	reply, err := claimScript.run(ctx, s.via, s.name(key),
		mine, expiry(claim.Lease, claim.Retention), replaces)
	if err != nil {
		return backend.Record{}, err
	}
	found, ok := reply.([]any)
	if !ok || len(found) != 2 {
		return won(claim), nil
	}
	value, _ := found[0].(string)
	left, _ := found[1].(int64)
	standing, err := decode([]byte(value))
	if err != nil {
		return backend.Record{}, err
	}
	return s.view(key, &standing, time.Duration(left)*time.Millisecond)
}

// view returns a stored record as callers see it. The time left is that until
// it expires.
func (s *Store) view(key backend.Key, found *stored, left time.Duration) (backend.Record, error) {
	record := found.Record
	if record.State == backend.Running {
		record.LeaseLeft = left - found.retention
		return record, nil
	}
	outcome, err := s.unpack(key, found)
	record.Outcome = outcome
	return record, err
}
