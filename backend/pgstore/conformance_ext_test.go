package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// databases finds the schema of a store.
var databases sync.Map

func held(tb testing.TB, s backend.Store) int {
	tb.Helper()
	return int(databaseOf(s).rows(tb))
}

// databaseOf returns the schema of a store.
func databaseOf(s backend.Store) database {
	d, _ := databases.Load(s)
	return d.(database)
}

// texts is a table of what handlers wrote.
func (d database) texts() string { return fmt.Sprintf("%q.texts", d.schema) }

var errNoTransaction = errors.New("the handler has no transaction")

// write is what a handler does.
func write(ctx context.Context, s backend.Store, text string) error {
	tx, inTransaction := pgstore.Tx(ctx)
	if !inTransaction {
		return errNoTransaction
	}
	_, err := tx.Exec(ctx, "INSERT INTO "+databaseOf(s).texts()+" VALUES ($1)", text)
	return err
}

func written(tb testing.TB, s backend.Store, text string) bool {
	tb.Helper()
	d := databaseOf(s)
	return d.query(tb, "SELECT count(*) FROM "+d.texts()+" WHERE text = $1", text) > 0
}

func inParallel(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		f(t)
	})
}

// conforms runs the suite on stores whose pools have the parameters.
func conforms(t *testing.T, listens bool, parameters ...string) {
	t.Helper()
	t.Parallel()
	conformsOn(t, listens, func(tb testing.TB, d database) *pgxpool.Pool {
		tb.Helper()
		return d.pool(tb, append(parameters, "pool_max_conns=16")...)
	})
}

// conformsOn runs the suite on stores with such pools. Their clean-up is fast, and
// steps get more time than usual: in the suite every step is slow at times.
func conformsOn(t *testing.T, listens bool, open func(tb testing.TB, d database) *pgxpool.Pool) {
	t.Helper()
	backendtest.Run(t, backendtest.Harness{
		Open: func(tb testing.TB) backend.Store {
			tb.Helper()
			d := own(tb)
			options := []pgstore.Option{pgstore.WithTimeout(20 * time.Second), pgstore.WithCleanup(50*time.Millisecond, 20)}
			if listens {
				options = append(options, d.listening())
			}
			s := d.storeOn(tb, open(tb, d), options...)
			databases.Store(s, d)
			_, err := d.conn(tb).Exec(tb.Context(), "CREATE TABLE "+d.texts()+" (text text PRIMARY KEY)")
			ok(tb, err)
			return s
		},
		Held:       held,
		Write:      write,
		Written:    written,
		Subtest:    inParallel,
		Tick:       20 * time.Millisecond,
		Resolution: time.Microsecond,
	})
}

func TestConformance(t *testing.T) { conforms(t, true) }

func TestConformancePolling(t *testing.T) { conforms(t, false) }

// TestConformanceUnprepared is for poolers that cannot keep prepared statements.
func TestConformanceUnprepared(t *testing.T) { conforms(t, false, "default_query_exec_mode=exec") }

func TestConformanceSimpleProtocol(t *testing.T) {
	conforms(t, false, "default_query_exec_mode=simple_protocol")
}

// TestConformanceSerializable is for servers, databases and roles whose default
// isolation is stricter than usual: concurrent steps then fail and are sent again.
func TestConformanceSerializable(t *testing.T) {
	conforms(t, false, "default_transaction_isolation=serializable")
}
