package pgstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
	"github.com/oncewire/idempotency/internal/pgtest"
)

// schemas counts those of the shared server that tests have taken.
var schemas atomic.Int64

// database is a server with a schema of its own for one test.
type database struct {
	server *pgtest.Server
	schema string
}

// own returns an empty schema of the shared server, with the table.
func own(tb testing.TB) database {
	tb.Helper()
	return migrated(tb, pgtest.Shared(tb))
}

func migrated(tb testing.TB, server *pgtest.Server) database {
	tb.Helper()
	d := database{server, fmt.Sprintf("test %d", schemas.Add(1))}
	ok(tb, pgstore.Migrate(tb.Context(), d.conn(tb), pgstore.WithSchema(d.schema)))
	return d
}

// table is the name of the table in statements.
func (d database) table() string {
	return pgx.Identifier{d.schema, pgstore.DefaultTable}.Sanitize()
}

// url has the connections named after the schema, so that a test finds its own.
func (d database) url(parameters ...string) string {
	return d.server.URL(append(parameters, "application_name="+d.application())...)
}

func (d database) application() string { return strings.ReplaceAll(d.schema, " ", "_") }

// conn returns a connection of the superuser, which is closed when the test ends.
func (d database) conn(tb testing.TB) *pgx.Conn {
	tb.Helper()
	return connect(tb, d.server.URL())
}

func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	ok(tb, err)
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// pool returns a pool that is closed when the test ends.
func (d database) pool(tb testing.TB, parameters ...string) *pgxpool.Pool {
	tb.Helper()
	return poolOf(tb, d.url(parameters...))
}

func poolOf(tb testing.TB, url string) *pgxpool.Pool {
	tb.Helper()
	pool, err := pgxpool.New(tb.Context(), url)
	ok(tb, err)
	tb.Cleanup(pool.Close)
	return pool
}

// store returns a store on a pool of its own, which is closed when the test ends.
func (d database) store(tb testing.TB, options ...pgstore.Option) *pgstore.Store {
	tb.Helper()
	return d.storeOn(tb, d.pool(tb), options...)
}

func (d database) storeOn(tb testing.TB, pool pgstore.Pool, options ...pgstore.Option) *pgstore.Store {
	tb.Helper()
	s, err := pgstore.New(pool, append([]pgstore.Option{pgstore.WithSchema(d.schema)}, options...)...)
	ok(tb, err)
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// listening is the option to listen on a connection of its own.
func (d database) listening() pgstore.Option {
	url := d.server.URL("application_name=listener_" + d.schema[5:])
	return pgstore.WithListener(func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, url) })
}

// listener is the condition on pg_stat_activity for that connection.
func (d database) listener() string { return "application_name = 'listener_" + d.schema[5:] + "'" }

// exec runs a statement as the superuser, with the table's name in place of %s.
func (d database) exec(tb testing.TB, sql string, arguments ...any) int64 {
	tb.Helper()
	conn := d.conn(tb)
	tag, err := conn.Exec(tb.Context(), fmt.Sprintf(sql, d.table()), arguments...)
	ok(tb, err)
	return tag.RowsAffected()
}

// query returns the number that a statement yields, like exec.
func (d database) query(tb testing.TB, sql string, arguments ...any) (n int64) {
	tb.Helper()
	conn := d.conn(tb)
	defer conn.Close(context.Background())
	ok(tb, conn.QueryRow(tb.Context(), sql, arguments...).Scan(&n))
	return n
}

// rows counts the rows of the table, expired ones included.
func (d database) rows(tb testing.TB) int64 {
	tb.Helper()
	return d.query(tb, "SELECT count(*) FROM "+d.table())
}

func newKey() (k backend.Key) {
	_, _ = rand.Read(k[:])
	return k
}

// newClaim returns a claim with an hour's lease and retention.
func newClaim() backend.Claim {
	c := backend.Claim{Attempt: 1, Lease: time.Hour, Retention: time.Hour}
	_, _ = rand.Read(c.Token[:])
	_, _ = rand.Read(c.Fingerprint[:])
	return c
}

func outcome(bytes string) backend.Outcome {
	return backend.Outcome{Bytes: []byte(bytes), Retention: time.Hour}
}

// win claims the key with a new claim, which must win.
func win(tb testing.TB, s backend.Store, key backend.Key) backend.Claim {
	tb.Helper()
	c := newClaim()
	rec, err := s.Claim(tb.Context(), key, c)
	if err != nil || rec.Token != c.Token {
		tb.Fatalf("Claim: %v, %v, must win", rec, err)
	}
	return c
}

// finish claims the key and completes the claim.
func finish(tb testing.TB, s backend.Store, key backend.Key, bytes string) backend.Claim {
	tb.Helper()
	c := win(tb, s, key)
	ok(tb, s.Complete(tb.Context(), key, c.Token, outcome(bytes)))
	return c
}

// replays requires that the key is finished with the outcome.
func replays(tb testing.TB, s backend.Store, key backend.Key, want string) {
	tb.Helper()
	rec, err := s.Claim(tb.Context(), key, newClaim())
	if err != nil || rec.State != backend.Done || string(rec.Outcome) != want {
		tb.Errorf("Claim: state %d, %d bytes, %v, want %d bytes", rec.State, len(rec.Outcome), err, len(want))
	}
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("unexpected error: %v", err)
	}
}

func want(tb testing.TB, err, target error) {
	tb.Helper()
	if !errors.Is(err, target) {
		tb.Errorf("got error %v, want %v", err, target)
	}
}

// eventually polls until done.
func eventually(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	for start := time.Now(); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}

func poolWith(tb testing.TB, config *pgxpool.Config) *pgxpool.Pool {
	tb.Helper()
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	ok(tb, err)
	tb.Cleanup(pool.Close)
	return pool
}
