package pgstore_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// BenchmarkOneCommit puts a first call in one-commit mode beside the bare transaction
// of its handler: BEGIN, one INSERT, COMMIT. A server that syncs pays for the commit
// in both.
func BenchmarkOneCommit(b *testing.B) {
	for name, server := range servers {
		b.Run(name, func(b *testing.B) {
			d := migrated(b, server(b))
			pool := d.pool(b, "pool_max_conns=64")
			engine, err := idempotency.New(d.storeOn(b, pool), idempotency.WithPolicy("*", idempotency.Policy{Transaction: backend.OneCommit}))
			ok(b, err)
			operation := engine.Operation("pay", idempotency.Policy{})
			raw := d.rawTable(b)
			text := bytes.Repeat([]byte{'x'}, 300)
			insert := func(tx pgx.Tx) error {
				_, err := tx.Exec(b.Context(), "INSERT INTO "+raw+" (key, attempt, outcome) VALUES ($1, 1, $2)", newKeyBytes(), text)
				return err
			}
			compare(b, func() error { return pgx.BeginFunc(b.Context(), pool, insert) }, func() error {
				var failure error
				_, err := operation.Run(b.Context(), idempotency.Call{Key: newKey().String()}, func(ctx context.Context) idempotency.Answer {
					tx, _ := pgstore.Tx(ctx)
					failure = insert(tx)
					return idempotency.Answer{Verdict: idempotency.Record, Outcome: text}
				})
				if err == nil {
					err = failure
				}
				return err
			})
		})
	}
}

// BenchmarkOneCommitReplay puts a replay in one-commit mode beside a SELECT of the same
// columns by their key.
func BenchmarkOneCommitReplay(b *testing.B) {
	d := own(b)
	pool := d.pool(b, "pool_max_conns=64")
	s, key, c := d.storeOn(b, pool), newKey(), newClaim()
	text := bytes.Repeat([]byte{'x'}, 300)
	d.fill(b, pool, text)
	finish(b, s, key, string(text))
	compare(b, d.selectRecord(b, pool, key), func() error {
		rec, _, err := s.Begin(b.Context(), key, c)
		if err == nil && len(rec.Outcome) != len(text) {
			b.Errorf("Begin: %v", rec)
		}
		return err
	})
}
