package backendtest_test

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// onClaim makes a store whose claims the defect may change.
func onClaim(defect func(s broken, c *call)) func(*memstore.Store) backend.Store {
	return func(s *memstore.Store) backend.Store { return claimDefect{broken{s}, defect} }
}

type claimDefect struct {
	broken

	defect func(broken, *call)
}

func (s claimDefect) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	c := call{key: key, claim: claim}
	s.defect(s.broken, &c)
	return s.Store.Claim(ctx, c.key, c.claim)
}

// onExtend makes a store whose heartbeats the defect may change or refuse.
func onExtend(defect func(s broken, c *call) error) func(*memstore.Store) backend.Store {
	return func(s *memstore.Store) backend.Store { return extendDefect{broken{s}, defect} }
}

type extendDefect struct {
	broken

	defect func(broken, *call) error
}

func (s extendDefect) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	c := call{key: key, token: token, lease: lease, retention: retention}
	if err := s.defect(s.broken, &c); err != nil {
		return err
	}
	return s.Store.Extend(ctx, c.key, c.token, c.lease, c.retention)
}

// onComplete makes a store whose completions the defect may change or refuse.
func onComplete(defect func(s broken, c *call) error) func(*memstore.Store) backend.Store {
	return func(s *memstore.Store) backend.Store { return completeDefect{broken{s}, defect} }
}

type completeDefect struct {
	broken

	defect func(broken, *call) error
}

func (s completeDefect) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	c := call{key: key, token: token, outcome: outcome}
	if err := s.defect(s.broken, &c); err != nil {
		return err
	}
	return s.Store.Complete(ctx, c.key, c.token, c.outcome)
}

// onRelease makes a store whose releases the defect may change or refuse.
func onRelease(defect func(s broken, c *call) error) func(*memstore.Store) backend.Store {
	return func(s *memstore.Store) backend.Store { return releaseDefect{broken{s}, defect} }
}

type releaseDefect struct {
	broken

	defect func(broken, *call) error
}

func (s releaseDefect) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	c := call{key: key, token: token}
	if err := s.defect(s.broken, &c); err != nil {
		return err
	}
	return s.Store.Release(ctx, c.key, c.token)
}
