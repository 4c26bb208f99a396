package redisstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var (
	_ backend.Store  = (*Store)(nil)
	_ backend.Waiter = (*Store)(nil)
)

// Store is a [backend.Store] in Redis. Create it with [New]. It is safe for
// concurrent use.
type Store struct {
	config

	client Client
	via    sender
	closed atomic.Bool
	// scripted is set once the server has shown that it knows no SET with
	// both NX and GET.
	scripted atomic.Bool
	reload   reload
	vigils   vigils
}

// New returns a store on the client, which stays the caller's: close the store
// first and the client afterwards. It does not talk to Redis; see
// [Store.Check]. It returns an error if the options contradict each other or
// the client cannot serve.
func New(client Client, opts ...Option) (*Store, error) {
	s := &Store{config: defaults(), client: client}
	for _, opt := range opts {
		opt(&s.config)
	}
	if err := errors.Join(usable(client), s.validate()); err != nil {
		return nil, err
	}
	via, err := newSender(client, s.autoPipeline)
	if err != nil {
		return nil, err
	}
	s.via = via
	s.reload.open(client)
	s.vigils.begin(s)
	return s, nil
}

// Extend implements [backend.Store].
func (s *Store) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	return s.step(ctx, "extend", func(ctx context.Context) error {
		return stands(extendScript.count(ctx, s.via, s.name(key),
			token[:], millis(lease), bigEndian(retention), expiry(lease, retention)))
	})
}

// Complete implements [backend.Store]. It makes no copy of the outcome, unless
// that is compressed or sealed.
func (s *Store) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	return s.step(ctx, "complete", func(ctx context.Context) error {
		payload, flags, err := s.pack(key, token, outcome)
		if err != nil {
			return err
		}
		err = stands(completeScript.count(ctx, s.via, s.name(key),
			token[:], []byte{s.format(), byte(outcome.State()), byte(flags)},
			bigEndian(outcome.Retention), kept(outcome.Retention), payload))
		if err != nil {
			return err
		}
		return s.replicated(ctx, key, token)
	})
}

// Release implements [backend.Store].
func (s *Store) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	return s.step(ctx, "release", func(ctx context.Context) error {
		return stands(releaseScript.count(ctx, s.via, s.name(key), token[:]))
	})
}

// stands reads the reply of a script that says whether the token stands.
func stands(reply int64, err error) error {
	if err == nil && reply == 0 {
		return backend.ErrClaimLost
	}
	return err
}

// Close ends every Wait and the connection for publish/subscribe. All calls
// that follow get [backend.ErrClosed], except Close itself, which may be
// called again. It leaves the client open and returns no error.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.vigils.close()
	return nil
}

// step makes one step of the contract, within its time.
func (s *Store) step(ctx context.Context, what string, do func(context.Context) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if s.timeout > 0 {
		bounded, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		ctx = bounded
	}
	if err := do(ctx); err != nil {
		return s.explain(ctx, what, err)
	}
	return nil
}

// enter refuses a step that is over before it has begun.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return contextEnded(err)
	}
	if s.closed.Load() {
		return backend.ErrClosed
	}
	return nil
}
