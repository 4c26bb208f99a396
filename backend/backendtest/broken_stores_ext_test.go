package backendtest_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// The defects in this file are separate stores.

// methods is a store whose methods can be replaced. Nil functions are not replaced.
type methods struct {
	*memstore.Store

	claim    func(context.Context, backend.Key, backend.Claim) (backend.Record, error)
	complete func(context.Context, backend.Key, backend.Token, backend.Outcome) error
	release  func(context.Context, backend.Key, backend.Token) error
	wait     func(context.Context, backend.Key, backend.Token) error
	left     func(context.Context, backend.Key, backend.Token) (time.Duration, error)
	close    func() error
	len      func() int
}

func (m methods) Claim(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
	if m.claim != nil {
		return m.claim(ctx, key, c)
	}
	return m.Store.Claim(ctx, key, c)
}

func (m methods) Complete(ctx context.Context, key backend.Key, token backend.Token, o backend.Outcome) error {
	if m.complete != nil {
		return m.complete(ctx, key, token, o)
	}
	return m.Store.Complete(ctx, key, token, o)
}

func (m methods) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	if m.release != nil {
		return m.release(ctx, key, token)
	}
	return m.Store.Release(ctx, key, token)
}

func (m methods) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	if m.wait != nil {
		return m.wait(ctx, key, token)
	}
	return m.Store.Wait(ctx, key, token)
}

func (m methods) RetentionLeft(ctx context.Context, key backend.Key, token backend.Token) (time.Duration, error) {
	if m.left != nil {
		return m.left(ctx, key, token)
	}
	return m.Store.RetentionLeft(ctx, key, token)
}

func (m methods) Close() error {
	if m.close != nil {
		return m.close()
	}
	return m.Store.Close()
}

func (m methods) Len() int {
	if m.len != nil {
		return m.len()
	}
	return m.Store.Len()
}

// twoWinners reads the record and claims in two steps.
func twoWinners(s *memstore.Store) backend.Store {
	return methods{Store: s, claim: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
		if rec := (broken{s}).current(key); rec.State != 0 {
			return rec, ctx.Err()
		}
		time.Sleep(time.Millisecond)
		rec := backend.Record{State: backend.Running, Token: c.Token, Attempt: c.Attempt, Fingerprint: c.Fingerprint}
		_, err := s.Claim(ctx, key, c)
		return rec, err
	}}
}

// replacesTooLate refuses a takeover of a lease that has just expired.
func replacesTooLate(s *memstore.Store) backend.Store {
	return methods{Store: s, claim: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
		if rec := (broken{s}).current(key); rec.Expired() && rec.LeaseLeft > -time.Millisecond/2 {
			return rec, ctx.Err()
		}
		return s.Claim(ctx, key, c)
	}}
}

// ownTokenLoses makes a claim lose that is sent again.
func ownTokenLoses(s *memstore.Store) backend.Store {
	var sent sync.Map
	return methods{Store: s, claim: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
		rec, err := s.Claim(ctx, key, c)
		if _, again := sent.LoadOrStore(c.Token, true); again && rec.Token == c.Token {
			rec.Token = backend.Token{1}
		}
		return rec, err
	}}
}

func releaseDoesNothing(s *memstore.Store) backend.Store {
	return methods{Store: s, release: func(ctx context.Context, _ backend.Key, _ backend.Token) error {
		return ctx.Err()
	}}
}

func staleSucceeds(s *memstore.Store) backend.Store {
	return methods{Store: s, complete: func(ctx context.Context, key backend.Key, token backend.Token, o backend.Outcome) error {
		if err := s.Complete(ctx, key, token, o); !errors.Is(err, backend.ErrClaimLost) {
			return err
		}
		return nil
	}}
}

func neverFrees(s *memstore.Store) backend.Store {
	var keys sync.Map
	return methods{
		Store: s,
		claim: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
			keys.Store(key, true)
			return s.Claim(ctx, key, c)
		},
		len: func() (n int) {
			keys.Range(func(any, any) bool { n++; return true })
			return n
		},
	}
}

// sweepsSuccessor frees the record of a key without checking its token.
func sweepsSuccessor(s *memstore.Store) backend.Store {
	return methods{Store: s, claim: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
		time.AfterFunc(min(c.Lease, c.Retention+time.Millisecond), func() {
			_ = s.Release(context.Background(), key, (broken{s}).current(key).Token)
		})
		return s.Claim(ctx, key, c)
	}}
}

func closeDoesNothing(s *memstore.Store) backend.Store {
	return methods{Store: s, close: func() error { return nil }}
}

func ignoresContext(s *memstore.Store) backend.Store {
	return methods{Store: s, claim: func(_ context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
		return s.Claim(context.Background(), key, c)
	}}
}

func hidesContextError(s *memstore.Store) backend.Store {
	return methods{Store: s, release: func(ctx context.Context, key backend.Key, token backend.Token) error {
		if ctx.Err() != nil {
			return errBroken
		}
		return s.Release(ctx, key, token)
	}}
}

// sharesBuffer returns every outcome in the same memory.
func sharesBuffer(s *memstore.Store) backend.Store {
	var mu sync.Mutex
	var buffer [1 << 20]byte
	return methods{Store: s, claim: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
		mu.Lock()
		defer mu.Unlock()
		rec, err := s.Claim(ctx, key, c)
		rec.Outcome = buffer[:copy(buffer[:], rec.Outcome)]
		return rec, err
	}}
}

// wipesOutcome copies the outcome and clears the caller's slice.
func wipesOutcome(s *memstore.Store) backend.Store {
	return methods{Store: s, complete: func(ctx context.Context, key backend.Key, token backend.Token, o backend.Outcome) error {
		given := o.Bytes
		o.Bytes = append([]byte(nil), given...)
		defer clear(given)
		return s.Complete(ctx, key, token, o)
	}}
}

// staleReads sometimes returns an outdated record.
func staleReads(s *memstore.Store) backend.Store {
	var mu sync.Mutex
	calls, last := 0, map[backend.Key]backend.Record{}
	return methods{Store: s, claim: func(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		if rec, ok := last[key]; ok && calls%10 == 0 {
			return rec, nil
		}
		rec, err := s.Claim(ctx, key, c)
		last[key] = rec
		return rec, err
	}}
}

func neverWakes(s *memstore.Store) backend.Store {
	return methods{Store: s, wait: func(ctx context.Context, _ backend.Key, _ backend.Token) error {
		<-ctx.Done()
		return ctx.Err()
	}}
}

func waitIgnoresContext(s *memstore.Store) backend.Store {
	return methods{Store: s, wait: func(_ context.Context, key backend.Key, token backend.Token) error {
		return s.Wait(context.Background(), key, token)
	}}
}

// leftIsWholeRetention returns the whole retention instead of the rest.
func leftIsWholeRetention(s *memstore.Store) backend.Store {
	var retentions sync.Map
	return methods{
		Store: s,
		complete: func(ctx context.Context, key backend.Key, token backend.Token, o backend.Outcome) error {
			retentions.LoadOrStore(key, o.Retention)
			return s.Complete(ctx, key, token, o)
		},
		left: func(ctx context.Context, key backend.Key, token backend.Token) (time.Duration, error) {
			left, err := s.RetentionLeft(ctx, key, token)
			if whole, ok := retentions.Load(key); ok && err == nil {
				left = whole.(time.Duration)
			}
			return left, err
		},
	}
}

func leftIgnoresToken(s *memstore.Store) backend.Store {
	return methods{Store: s, left: func(ctx context.Context, key backend.Key, _ backend.Token) (time.Duration, error) {
		return s.RetentionLeft(ctx, key, (broken{s}).current(key).Token)
	}}
}

func leftOfRunning(s *memstore.Store) backend.Store {
	return methods{Store: s, left: func(ctx context.Context, key backend.Key, token backend.Token) (time.Duration, error) {
		if rec := (broken{s}).current(key); rec.State == backend.Running && rec.Token == token {
			return time.Hour, nil
		}
		return s.RetentionLeft(ctx, key, token)
	}}
}
