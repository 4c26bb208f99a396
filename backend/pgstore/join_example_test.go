package pgstore_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/pgstore"
	"github.com/oncewire/idempotency/httpmw"
)

// orders is a service whose handlers own their transactions.
type orders struct{ pool *pgxpool.Pool }

func (o *orders) place(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	answer := httpmw.Response{
		Status: http.StatusCreated,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"order": 17}`),
	}
	err := pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO orders (id) VALUES (17)"); err != nil {
			return err
		}
		return pgstore.Complete(ctx, tx, answer)
	})
	if err != nil {
		http.Error(w, "the order was not placed", http.StatusServiceUnavailable)
		return
	}
	_ = answer.Write(w)
}

func ExampleComplete() {
	var pool *pgxpool.Pool // of the database that has the records, too
	store, err := pgstore.New(pool)
	if err != nil {
		return
	}
	engine, err := idempotency.New(store)
	if err != nil {
		return
	}
	guard, err := httpmw.New(engine)
	if err != nil {
		return
	}
	service := &orders{pool}
	http.Handle("POST /orders", guard.Wrap(http.HandlerFunc(service.place)))
}

// charge asks a provider after its own commit, so that it does not know the answer when
// it commits. The reference is what a later call needs to find it.
func (o *orders) charge(ctx context.Context) ([]byte, error) {
	id := "charge-17"
	err := pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO charges (id) VALUES ($1)", id); err != nil {
			return err
		}
		return pgstore.Mark(ctx, tx, []byte(id))
	})
	if err != nil {
		return nil, err
	}
	return askProvider(ctx, id)
}

// rebuild makes the answer of a call whose charge is committed.
func rebuild(ctx context.Context, _ idempotency.Execution, reference []byte) (any, error) {
	return askProvider(ctx, string(reference)) // which answers the same for the same id
}

func askProvider(_ context.Context, id string) ([]byte, error) { return json.Marshal(id) }

func ExampleMark() {
	var pool *pgxpool.Pool
	store, err := pgstore.New(pool)
	if err != nil {
		return
	}
	engine, err := idempotency.New(store,
		idempotency.WithPolicy("charge", idempotency.Policy{Rebuild: rebuild}))
	if err != nil {
		return
	}
	service := &orders{pool}
	_, _ = engine.Do(context.Background(), "charge", idempotency.Call{Key: "order-17"}, service.charge)
}

func ExampleSQLTx() {
	var db *sql.DB
	handle := func(ctx context.Context) ([]byte, error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		defer func() { _ = tx.Rollback() }() // has no effect after the commit
		answer := []byte("placed")
		if _, err := tx.ExecContext(ctx, "INSERT INTO orders (id) VALUES (17)"); err != nil {
			return nil, err
		}
		if err := pgstore.Complete(ctx, pgstore.SQLTx(tx), answer); err != nil {
			return nil, err
		}
		return answer, tx.Commit()
	}
	_ = handle // runs by Engine.Do
}
