package idempotency_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

// partition is a store whose steps time out for some time and arrive when that is
// over: what TCP does to bytes that were sent before. Claims arrive last, when
// steps that were sent after them have been answered.
type partition struct {
	*memstore.Store

	heals   time.Time
	pending sync.WaitGroup
}

func newPartition(store *memstore.Store, lasts time.Duration) *partition {
	return &partition{Store: store, heals: time.Now().Add(lasts)}
}

// late delivers a step when the partition has healed, and reports whether it
// was sent in it.
func (p *partition) late(ctx context.Context, after time.Duration, deliver func(context.Context)) error {
	wait := time.Until(p.heals)
	if wait <= 0 {
		return nil
	}
	p.pending.Go(func() {
		time.Sleep(wait + after)
		deliver(context.WithoutCancel(ctx))
	})
	<-ctx.Done()
	return ctx.Err()
}

func (p *partition) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	err := p.late(ctx, 5*time.Second, func(ctx context.Context) { _, _ = p.Store.Claim(ctx, key, claim) })
	if err != nil {
		return backend.Record{}, err
	}
	return p.Store.Claim(ctx, key, claim)
}

func (p *partition) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	if err := p.late(ctx, 0, func(ctx context.Context) { _ = p.Store.Release(ctx, key, token) }); err != nil {
		return err
	}
	return p.Store.Release(ctx, key, token)
}

func (p *partition) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	err := p.late(ctx, 0, func(ctx context.Context) { _ = p.Store.Complete(ctx, key, token, outcome) })
	if err != nil {
		return err
	}
	return p.Store.Complete(ctx, key, token, outcome)
}

func (p *partition) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	err := p.late(ctx, 0, func(ctx context.Context) { _ = p.Store.Extend(ctx, key, token, lease, retention) })
	if err != nil {
		return err
	}
	return p.Store.Extend(ctx, key, token, lease, retention)
}

// TestClaimThatArrivesLateBlocksNoKey, though its release arrived before it.
func TestClaimThatArrivesLateBlocksNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := openStore(t)
		store := newPartition(inner, 7*time.Second)
		engine := newEngine(t, store, reject)
		for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			go refused(t, engine, payment(key), idempotency.ErrStore)
		}
		time.Sleep(time.Minute)
		store.pending.Wait()
		equal(t, "records left", inner.Len(), 0)
		starts(t, engine, payment("a"), recording("paid"), 1)
	})
}

// TestFailedOpenIsRecordedAfterAll when the claim turns out to exist.
func TestFailedOpenIsRecordedAfterAll(t *testing.T) {
	for name, open := range map[string]func(*memstore.Store) backend.Store{
		"its reply was lost": func(inner *memstore.Store) backend.Store {
			return newShaky(inner).on(backendtest.OpClaim, first(1, lost))
		},
		"it arrives late": func(inner *memstore.Store) backend.Store { return newPartition(inner, 7*time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &events{}
				inner := openStore(t)
				engine := newEngine(t, open(inner), idempotency.WithFailOpen(), idempotency.WithObserver(seen))
				starts(t, engine, payment("k"), recording("paid"), 0)
				time.Sleep(30 * time.Second)
				replays(t, engine, payment("k"), "paid")
				recorded := seen.of(idempotency.EventRecorded)
				equal(t, "recorded", len(recorded), 1)
				equal(t, "in the background", recorded[0].Retried, true)
			})
		})
	}
}

// TestFailedOpenWithoutEffectIsReleased: the handler's word counts here too.
func TestFailedOpenWithoutEffectIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := openStore(t)
		engine := newEngine(t, newShaky(inner).on(backendtest.OpClaim, first(1, lost)), idempotency.WithFailOpen())
		_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			executionOf(ctx).NoEffect()
			return recording("nothing to do").answer
		})
		ok(t, err)
		time.Sleep(time.Second)
		equal(t, "records left", inner.Len(), 0)
	})
}

// TestFailedOpenPanicLeavesTheClaimAbandoned, not forgotten: it may have had an
// effect.
func TestFailedOpenPanicLeavesTheClaimAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, newShaky(openStore(t)).on(backendtest.OpClaim, first(1, lost)), idempotency.WithFailOpen())
		equal(t, "panic", panics(t, engine, payment("k"), "boom"), any("boom"))
		time.Sleep(time.Second)
		equal(t, "leaves", left(t, engine), leavesClaim)
	})
}

// TestDerivedKeyIsTheSameFailedOpen, so that other services still see a retry.
func TestDerivedKeyIsTheSameFailedOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpClaim, first(1, down))
		engine := newEngine(t, store, idempotency.WithFailOpen())
		var derived []string
		for range 2 {
			_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
				derived = append(derived, executionOf(ctx).DeriveKey("charge"))
				return releasing().answer
			})
			ok(t, err)
		}
		isUUID(t, derived[0], "8")
		equal(t, "derived key", derived[1], derived[0])
	})
}

// TestCloseDoesNotWaitForUnconfirmedClaims, which may not exist.
func TestCloseDoesNotWaitForUnconfirmedClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpClaim, every(down))
		engine := newEngine(t, store)
		refused(t, engine, payment("k"), idempotency.ErrStore)
		start := time.Now()
		ok(t, engine.Close(t.Context()))
		took(t, start, 0)
	})
}
