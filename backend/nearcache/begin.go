package nearcache

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// beginner adds Begin to a Store for a store behind that is a backend.Transactor.
type beginner struct {
	cached     *cachedStore
	transactor backend.Transactor
}

// Begin implements [backend.Transactor]. It returns a cached record without a round
// trip to the store.
func (b beginner) Begin(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, backend.Transaction, error) {
	if err := b.cached.check(ctx); err != nil {
		return backend.Record{}, nil, err
	}
	cache := b.cached.cache
	if e := cache.finished(key, time.Now()); e != nil {
		return e.record, nil, nil
	}
	seen := cache.stripe(key).snapshot()
	rec, opened, err := b.transactor.Begin(ctx, key, claim)
	switch {
	case err != nil:
	case opened != nil:
		opened = &transaction{Transaction: opened, cache: cache, key: key, record: rec}
	case rec.State == backend.Done || rec.State == backend.NotKept:
		b.cached.addFinished(ctx, key, seen, rec)
	}
	return rec, opened, err
}

// transaction is one of the store behind, whose record is cached when it is committed.
type transaction struct {
	backend.Transaction

	cache  *cache
	key    backend.Key
	record backend.Record
}

// Commit implements [backend.Transaction]. The claim has no other outcome, since no
// other caller has seen it before.
func (t *transaction) Commit(ctx context.Context, outcome backend.Outcome) error {
	seen, sent := t.cache.stripe(t.key).snapshot(), time.Now()
	err := t.Transaction.Commit(ctx, outcome)
	if err == nil {
		running := &entry{record: t.record}
		t.cache.add(t.key, seen, running.finished(outcome, sent))
	}
	return err
}
