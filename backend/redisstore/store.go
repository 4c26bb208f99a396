package redisstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var (
	_ backend.Store     = (*Store)(nil)
	_ backend.Waiter    = (*Store)(nil)
	_ backend.Remaining = (*Store)(nil)
)

// Store is a [backend.Store] in Redis. Create it with [New]. It is safe for
// concurrent use.
type Store struct {
	client        Client
	sender        sender
	prefix        keyPrefix
	codec         codec
	steps         *steps
	replication   replication
	subscriptions *subscriptions
	// scriptedClaim is set when the server has rejected a SET with both NX and
	// GET, so that every claim uses the Lua script.
	scriptedClaim atomic.Bool
}

// New returns a store that uses the client. The client belongs to the caller,
// who closes the store first and the client afterwards. New sends nothing to
// Redis; see [Store.Check]. It returns an error if an option is invalid, if
// options contradict each other, or if the store cannot use the client.
func New(client Client, options ...Option) (*Store, error) {
	c := defaults()
	for _, option := range options {
		option(&c)
	}
	if err := errors.Join(checkClient(client), c.validate()); err != nil {
		return nil, err
	}
	sender, err := newSender(client, c.autoPipeline)
	if err != nil {
		return nil, err
	}
	steps := &steps{timeout: c.timeout, reload: newReloader(client)}
	return &Store{
		client:        client,
		sender:        sender,
		prefix:        keyPrefix(c.prefix),
		codec:         c.codec(),
		steps:         steps,
		replication:   replication{client: client, prefix: keyPrefix(c.prefix), replicas: c.replicas, within: c.replicasIn},
		subscriptions: newSubscriptions(client, sender, keyPrefix(c.prefix), steps),
	}, nil
}

// Extend implements [backend.Store].
func (s *Store) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	return s.steps.run(ctx, "extend", func(ctx context.Context) error {
		return claimLost(extendScript.runBool(ctx, s.sender, s.prefix.name(key),
			token[:], millis(lease), encodeRetention(retention), runningExpiry(lease, retention)))
	})
}

// Complete implements [backend.Store]. It does not copy the outcome, unless the
// store compresses or seals it.
func (s *Store) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	return s.steps.run(ctx, "complete", func(ctx context.Context) error {
		payload, flags, err := s.codec.encodeOutcome(key, token, outcome)
		if err != nil {
			return err
		}
		err = claimLost(completeScript.runBool(ctx, s.sender, s.prefix.name(key),
			token[:], []byte{s.codec.sealing.format(), byte(outcome.State()), byte(flags)},
			encodeRetention(outcome.Retention), finishedExpiry(outcome.Retention), payload))
		if err != nil {
			return err
		}
		return s.replication.wait(ctx, key, token)
	})
}

// Release implements [backend.Store].
func (s *Store) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	return s.steps.run(ctx, "release", func(ctx context.Context) error {
		return claimLost(releaseScript.runBool(ctx, s.sender, s.prefix.name(key), token[:]))
	})
}

// claimLost returns the error of a script that reports whether the record had
// the token.
func claimLost(applied bool, err error) error {
	if err == nil && !applied {
		return backend.ErrClaimLost
	}
	return err
}

// Close ends every Wait and closes the connection for publish/subscribe. Calls
// after Close return [backend.ErrClosed], except Close itself, which may be
// called again. Close does not close the client. It always returns nil.
func (s *Store) Close() error {
	s.steps.closed.Store(true)
	s.subscriptions.close()
	return nil
}
