package backendtest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/txtest"
)

// claimIsVisible claims outside of the transaction.
func claimIsVisible(s *txtest.Store) backend.Store {
	var claims sync.Map
	broken := onOpen(func(_ context.Context, b begun) transaction {
		claims.Store(b.key, b.claim)
		end := func() { claims.Delete(b.key) }
		return transaction{
			commit:   func(ctx context.Context, o backend.Outcome) error { defer end(); return b.Commit(ctx, o) },
			rollback: func(ctx context.Context) error { defer end(); return b.Rollback(ctx) },
		}
	})(s).(transactor)
	broken.claim = func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
		if found, ok := claims.Load(key); ok {
			open := found.(backend.Claim)
			return backend.Record{State: backend.Running, Token: open.Token, Attempt: open.Attempt, Fingerprint: open.Fingerprint, LeaseLeft: time.Hour}, nil
		}
		return s.Claim(ctx, key, c)
	}
	return broken
}

// claimIsOverwritten commits whatever is stored under the key by then.
func claimIsOverwritten(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{commit: func(ctx context.Context, o backend.Outcome) error {
			_ = s.Release(ctx, b.key, broken{s.Store}.current(b.key).Token)
			return b.Commit(ctx, o)
		}}
	})(s)
}

func writesAreVisible(s *txtest.Store) backend.Store {
	return transactor{Store: s, write: func(ctx context.Context, text string) error {
		defer s.Enter(text)
		return txtest.Write(ctx, text)
	}}
}

// rollbackKeepsWrites commits in place of a rollback, and removes the record.
func rollbackKeepsWrites(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{rollback: func(ctx context.Context) error {
			return b.Commit(ctx, backend.Outcome{})
		}}
	})(s)
}

func rollbackKeepsClaim(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{rollback: func(ctx context.Context) error {
			err := b.Rollback(ctx)
			_, _ = s.Claim(ctx, b.key, b.claim)
			return err
		}}
	})(s)
}

func rollbackForgetsExpired(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{rollback: func(ctx context.Context) error {
			err := b.Rollback(ctx)
			_ = s.Release(ctx, b.key, b.claim.Replaces)
			return err
		}}
	})(s)
}

func endsWithBegin(s *txtest.Store) backend.Store {
	return onOpen(func(ctx context.Context, b begun) transaction {
		context.AfterFunc(ctx, func() { _ = b.Rollback(context.Background()) })
		return transaction{}
	})(s)
}

func endsWithLease(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		time.AfterFunc(b.claim.Lease, func() { _ = b.Rollback(context.Background()) })
		return transaction{}
	})(s)
}

// twoOpen lets every second claim of a key in.
func twoOpen(s *txtest.Store) backend.Store {
	return transactor{Store: s, begin: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
		rec, t, err := s.Begin(ctx, key, c)
		if errors.Is(err, backend.ErrLocked) {
			return s.Begin(ctx, backend.Key(append(key[:31:31], 0xee)), c)
		}
		return rec, t, err
	}}
}

// beginBlocks waits for the transaction that holds the key.
func beginBlocks(s *txtest.Store) backend.Store {
	return transactor{Store: s, begin: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
		for {
			rec, t, err := s.Begin(ctx, key, c)
			if !errors.Is(err, backend.ErrLocked) {
				return rec, t, err
			}
			if err := s.Wait(ctx, key, backend.Token{}); err != nil {
				return rec, nil, fmt.Errorf("waiting: %w", err)
			}
		}
	}}
}

// locksAll has one lock for all keys.
func locksAll(s *txtest.Store) backend.Store {
	var mu sync.Mutex
	open := map[backend.Key]bool{}
	broken := onOpen(func(_ context.Context, b begun) transaction {
		end := func() { mu.Lock(); defer mu.Unlock(); delete(open, b.key) }
		return transaction{
			commit:   func(ctx context.Context, o backend.Outcome) error { defer end(); return b.Commit(ctx, o) },
			rollback: func(ctx context.Context) error { defer end(); return b.Rollback(ctx) },
		}
	})(s).(transactor)
	begin := broken.begin
	broken.begin = func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
		mu.Lock()
		defer mu.Unlock()
		if len(open) > 0 && !open[key] {
			return backend.Record{}, nil, backend.ErrLocked
		}
		rec, t, err := begin(ctx, key, c)
		open[key] = open[key] || t != nil
		return rec, t, err
	}
	return broken
}

// insideIsLocked does not find the transaction in the context of Begin.
func insideIsLocked(s *txtest.Store) backend.Store {
	return transactor{Store: s, begin: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
		return s.Begin(valueless{ctx}, key, c)
	}}
}

type valueless struct{ context.Context }

func (valueless) Value(any) any { return nil }

// insideStaysRunning returns the record of a transaction that has ended.
func insideStaysRunning(s *txtest.Store) backend.Store {
	type key struct{}
	broken := onOpen(func(_ context.Context, b begun) transaction {
		return transaction{context: func(parent context.Context) context.Context {
			return context.WithValue(b.Context(parent), key{}, b)
		}}
	})(s).(transactor)
	begin := broken.begin
	broken.begin = func(ctx context.Context, k backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
		if b, ok := ctx.Value(key{}).(begun); ok && b.key == k {
			return backend.Record{State: backend.Running, Token: b.claim.Token, Attempt: b.claim.Attempt, Fingerprint: b.claim.Fingerprint}, nil, nil
		}
		return begin(ctx, k, c)
	}
	return broken
}

func neverWakesLocked(s *txtest.Store) backend.Store {
	return transactor{Store: s, wait: func(ctx context.Context, _ backend.Key, _ backend.Token) error {
		<-ctx.Done()
		return ctx.Err()
	}}
}

func waitForLockIgnoresContext(s *txtest.Store) backend.Store {
	return transactor{Store: s, wait: func(_ context.Context, key backend.Key, token backend.Token) error {
		return s.Wait(context.Background(), key, token)
	}}
}

// effectWithoutOutcome commits, and loses the record.
func effectWithoutOutcome(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{commit: func(ctx context.Context, o backend.Outcome) error {
			o.Retention = 0
			return b.Commit(ctx, o)
		}}
	})(s)
}

func outcomeWithoutEffect(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{commit: func(ctx context.Context, o backend.Outcome) error {
			b.DiscardWrites()
			return b.Commit(ctx, o)
		}}
	})(s)
}

func discardIgnored(s *txtest.Store) backend.Store {
	return onOpen(func(context.Context, begun) transaction { return transaction{discard: func() {}} })(s)
}

func discardDropsOutcome(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		discarded := false
		return transaction{
			discard: func() { discarded = true },
			commit: func(ctx context.Context, o backend.Outcome) error {
				if discarded {
					return b.Rollback(ctx)
				}
				return b.Commit(ctx, o)
			},
		}
	})(s)
}

// retentionFromBegin counts the time of the handler.
func retentionFromBegin(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		start := time.Now()
		return transaction{commit: func(ctx context.Context, o backend.Outcome) error {
			if o.Retention != backend.Forever {
				o.Retention -= time.Since(start)
			}
			return b.Commit(ctx, o)
		}}
	})(s)
}

// committedIsRunning leaves a claim, as if the outcome were stored later.
func committedIsRunning(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{commit: func(ctx context.Context, o backend.Outcome) error {
			o.Retention = 0
			err := b.Commit(ctx, o)
			_, _ = s.Claim(ctx, b.key, b.claim)
			return err
		}}
	})(s)
}

// notCommittedThoughCommitted takes an ended context for a rollback.
func notCommittedThoughCommitted(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{commit: func(ctx context.Context, o backend.Outcome) error {
			err := b.Commit(context.WithoutCancel(ctx), o)
			if ctx.Err() != nil {
				return backend.ErrNotCommitted
			}
			return err
		}}
	})(s)
}

func committedThoughNot(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{commit: func(ctx context.Context, o backend.Outcome) error {
			_ = b.Commit(ctx, o)
			return nil
		}}
	})(s)
}

// commitsLater has a COMMIT under way when its context ends.
func commitsLater(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{commit: func(ctx context.Context, o backend.Outcome) error {
			if ctx.Err() == nil {
				return b.Commit(ctx, o)
			}
			time.AfterFunc(time.Millisecond, func() { _ = b.Commit(context.Background(), o) })
			return backend.ErrNotCommitted
		}}
	})(s)
}

func failedIsCommitted(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{commit: func(ctx context.Context, o backend.Outcome) error {
			if b.Failed() {
				b.DiscardWrites()
			}
			return b.Commit(ctx, o)
		}}
	})(s)
}

func rollbackNeedsContext(s *txtest.Store) backend.Store {
	return onOpen(func(_ context.Context, b begun) transaction {
		return transaction{rollback: func(ctx context.Context) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return b.Rollback(ctx)
		}}
	})(s)
}

// finishedIsOpened returns a transaction in which there is nothing to do.
func finishedIsOpened(s *txtest.Store) backend.Store {
	return transactor{Store: s, begin: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
		rec, t, err := s.Begin(ctx, key, c)
		if err == nil && t == nil {
			t = transaction{}
		}
		return rec, t, err
	}}
}

func leaseIsLocked(s *txtest.Store) backend.Store {
	return transactor{Store: s, begin: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
		rec, t, err := s.Begin(ctx, key, c)
		if err == nil && t == nil && rec.State == backend.Running && !rec.Expired() {
			return backend.Record{}, nil, backend.ErrLocked
		}
		return rec, t, err
	}}
}

// findingHolds uses up a connection at each replay.
func findingHolds(s *txtest.Store) backend.Store {
	connections := make(chan struct{}, 16)
	return transactor{Store: s, begin: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
		rec, t, err := s.Begin(ctx, key, c)
		if err == nil && t == nil {
			select {
			case connections <- struct{}{}:
			default:
				return rec, nil, errBroken
			}
		}
		return rec, t, err
	}}
}

func beginIgnoresContext(s *txtest.Store) backend.Store {
	return transactor{Store: s, begin: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
		return s.Begin(context.WithoutCancel(ctx), key, c)
	}}
}
