package backendtest_test

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// onClaim returns a store whose claims the defect can change.
func onClaim(defect func(s broken, c *call)) func(*memstore.Store) backend.Store {
	return func(s *memstore.Store) backend.Store { return claimDefect{s, defect} }
}

type claimDefect struct {
	*memstore.Store

	defect func(broken, *call)
}

func (s claimDefect) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	c := call{key: key, claim: claim}
	s.defect(broken{s.Store}, &c)
	return s.Store.Claim(ctx, c.key, c.claim)
}

// onExtend returns a store whose heartbeats the defect can change or refuse.
func onExtend(defect func(s broken, c *call) error) func(*memstore.Store) backend.Store {
	return func(s *memstore.Store) backend.Store { return extendDefect{s, defect} }
}

type extendDefect struct {
	*memstore.Store

	defect func(broken, *call) error
}

func (s extendDefect) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	c := call{key: key, token: token, lease: lease, retention: retention}
	if err := s.defect(broken{s.Store}, &c); err != nil {
		return err
	}
	return s.Store.Extend(ctx, c.key, c.token, c.lease, c.retention)
}

// onComplete returns a store whose completions the defect can change or refuse.
func onComplete(defect func(s broken, c *call) error) func(*memstore.Store) backend.Store {
	return func(s *memstore.Store) backend.Store { return completeDefect{s, defect} }
}

type completeDefect struct {
	*memstore.Store

	defect func(broken, *call) error
}

func (s completeDefect) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	c := call{key: key, token: token, outcome: outcome}
	if err := s.defect(broken{s.Store}, &c); err != nil {
		return err
	}
	return s.Store.Complete(ctx, c.key, c.token, c.outcome)
}

// onRelease returns a store whose releases the defect can change or refuse.
func onRelease(defect func(s broken, c *call) error) func(*memstore.Store) backend.Store {
	return func(s *memstore.Store) backend.Store { return releaseDefect{s, defect} }
}

type releaseDefect struct {
	*memstore.Store

	defect func(broken, *call) error
}

func (s releaseDefect) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	c := call{key: key, token: token}
	if err := s.defect(broken{s.Store}, &c); err != nil {
		return err
	}
	return s.Store.Release(ctx, c.key, c.token)
}
