package pgstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency/backend/pgstore"
	"github.com/oncewire/idempotency/internal/pgtest"
)

// TestMigrateAtOnce from many processes creates one table.
func TestMigrateAtOnce(t *testing.T) {
	server := pgtest.Shared(t)
	d := database{server, fmt.Sprintf("test %d", schemas.Add(1))}
	var processes sync.WaitGroup
	for range 10 {
		conn := d.conn(t)
		processes.Go(func() {
			if err := pgstore.Migrate(t.Context(), conn, pgstore.WithSchema(d.schema)); err != nil {
				t.Error(err)
			}
		})
	}
	processes.Wait()
	finish(t, d.store(t), newKey(), "done")
}

func TestMigrateAgainChangesNothing(t *testing.T) {
	d := own(t)
	finish(t, d.store(t), newKey(), "done")
	ok(t, pgstore.Migrate(t.Context(), d.pool(t), pgstore.WithSchema(d.schema)))
	if n := d.rows(t); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

// TestMigrateRefusesOtherTables that have the name, and those of newer versions.
func TestMigrateRefusesOtherTables(t *testing.T) {
	d := own(t)
	migrate := func() error {
		return pgstore.Migrate(t.Context(), d.conn(t), pgstore.WithSchema(d.schema))
	}
	d.exec(t, "COMMENT ON TABLE %s IS 'of the billing team'")
	if err := migrate(); err == nil || !strings.Contains(err.Error(), "names no version") {
		t.Errorf("got error %v", err)
	}
	d.exec(t, "COMMENT ON TABLE %s IS 'schema version 99'")
	if err := migrate(); err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Errorf("got error %v", err)
	}
}

// TestMigrateLeavesNothingBehindWhenItFails.
func TestMigrateLeavesNothingBehindWhenItFails(t *testing.T) {
	d := own(t)
	d.exec(t, `ALTER TABLE %s RENAME TO other`)
	if err := pgstore.Migrate(t.Context(), d.conn(t), pgstore.WithSchema(d.schema)); err == nil {
		t.Fatal("a function of that name exists, and the migration succeeded")
	}
	if n := d.query(t, "SELECT count(*) FROM pg_class WHERE oid = to_regclass($1)", d.table()); n != 0 {
		t.Error("the table is there")
	}
}

// TestFilesApplyByHand: the text of the files, as it is, makes the default table
// in the first schema of the search_path.
func TestFilesApplyByHand(t *testing.T) {
	d := database{pgtest.Shared(t), fmt.Sprintf("test %d", schemas.Add(1))}
	admin := d.conn(t)
	_, err := admin.Exec(t.Context(), "CREATE SCHEMA "+pgx.Identifier{d.schema}.Sanitize())
	ok(t, err)
	path := "SET search_path TO " + pgx.Identifier{d.schema}.Sanitize()
	_, err = admin.Exec(t.Context(), path)
	ok(t, err)
	entries, err := pgstore.Files.ReadDir("migrations")
	ok(t, err)
	for _, entry := range entries {
		text, err := pgstore.Files.ReadFile("migrations/" + entry.Name())
		ok(t, err)
		_, err = admin.Exec(t.Context(), string(text))
		ok(t, err)
	}
	ok(t, pgstore.Migrate(t.Context(), admin)) // finds nothing to do
	config := d.pool(t).Config()
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, path)
		return err
	}
	s := d.storeOn(t, poolWith(t, config), pgstore.WithSchema(""))
	_, err = s.Check(t.Context())
	ok(t, err)
	finish(t, s, newKey(), "done")
	if n := d.rows(t); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}
