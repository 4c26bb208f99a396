package pgstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency/backend/pgstore"
	"github.com/oncewire/idempotency/internal/pgtest"
)

// wellSet is a server that Check has nothing to warn of.
func wellSet(t *testing.T, settings ...string) database {
	t.Helper()
	return migrated(t, pgtest.Start(t, append([]string{"fsync=on", "full_page_writes=on"}, settings...)...))
}

// warns requires that Check returns one warning for each text, which is part of
// it.
func warns(t *testing.T, s *pgstore.Store, texts ...string) {
	t.Helper()
	warnings, err := s.Check(t.Context())
	ok(t, err)
	if len(warnings) != len(texts) {
		t.Fatalf("%d warnings: %q, want %q", len(warnings), warnings, texts)
	}
	for i, text := range texts {
		if !strings.Contains(warnings[i], text) {
			t.Errorf("warned of %q, want %q", warnings[i], text)
		}
	}
}

// fails requires that Check returns an error with the text.
func fails(t *testing.T, s *pgstore.Store, text string) {
	t.Helper()
	if _, err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got error %v, want %q", err, text)
	}
}

func TestCheckWarns(t *testing.T) {
	d := wellSet(t)
	warns(t, d.store(t))
	warns(t, d.storeOn(t, d.pool(t, "synchronous_commit=off")), "synchronous_commit")
	d.exec(t, "ALTER TABLE %s SET UNLOGGED")
	warns(t, d.store(t), "unlogged")
	d.exec(t, "ALTER TABLE %s SET LOGGED")
	d.exec(t, "COMMENT ON TABLE %s IS NULL")
	warns(t, d.store(t), "names no version")
	d.exec(t, "COMMENT ON TABLE %s IS 'schema version 1'")
	fails(t, d.store(t), "version 1")
	warns(t, own(t).store(t), "fsync")
}

// TestCheckRefusesPartitions: the clean-up would delete records of other keys.
func TestCheckRefusesPartitions(t *testing.T) {
	d := own(t)
	d.exec(t, "ALTER TABLE %s RENAME TO unpartitioned")
	d.exec(t, fmt.Sprintf("CREATE TABLE %%s (LIKE %q.unpartitioned INCLUDING ALL) PARTITION BY HASH (key)", d.schema))
	d.exec(t, fmt.Sprintf("COMMENT ON TABLE %%s IS 'schema version %d'", newest(t)))
	fails(t, d.store(t), "has partitions")
}

func newest(t *testing.T) int {
	t.Helper()
	all, err := pgstore.Migrations()
	ok(t, err)
	return all[len(all)-1].Version
}

// TestCheckFails: what a store cannot work with is an error that says the fix.
func TestCheckFails(t *testing.T) {
	d := own(t)
	fails(t, d.storeOn(t, d.pool(t, "default_transaction_read_only=on")), "connect to the primary")
	fails(t, d.store(t, pgstore.WithSchema("nowhere")), `no schema "nowhere": run pgstore.Migrate`)
	fails(t, d.store(t, pgstore.WithTable("nothing")), `"nothing": run pgstore.Migrate`)
	function := pgx.Identifier{d.schema, pgstore.DefaultTable + "_claim"}.Sanitize()
	for _, c := range []struct{ change, text string }{
		{"ALTER FUNCTION " + function + " RENAME TO gone; SELECT FROM %s", "no function"},
		{"ALTER TABLE %s DROP CONSTRAINT idempotency_records_pkey", "no unique index"},
		{"ALTER TABLE %s ALTER COLUMN attempt TYPE bigint", "attempt integer"},
		{"ALTER TABLE %s DROP COLUMN outcome", "outcome bytea"},
	} {
		d.exec(t, c.change)
		fails(t, d.store(t), c.text)
	}
}

// TestCheckFailsForWantOfPrivileges names each privilege that the role lacks.
func TestCheckFailsForWantOfPrivileges(t *testing.T) {
	d := own(t)
	role := pgx.Identifier{"weak " + d.schema}.Sanitize()
	function := pgx.Identifier{d.schema, pgstore.DefaultTable + "_claim"}.Sanitize()
	schema := pgx.Identifier{d.schema}.Sanitize()
	s := d.storeOn(t, d.pool(t, "options=-c%20role%3Dweak%5C%20"+strings.ReplaceAll(d.schema, " ", "%5C%20")))
	d.exec(t, "CREATE ROLE "+role+"; SELECT FROM %s")
	fails(t, s, "GRANT USAGE ON SCHEMA")
	d.exec(t, "GRANT USAGE ON SCHEMA "+schema+" TO "+role+"; SELECT FROM %s")
	fails(t, s, "GRANT SELECT, INSERT, UPDATE, DELETE")
	d.exec(t, "GRANT SELECT, INSERT, DELETE ON %s TO "+role)
	fails(t, s, "GRANT UPDATE")
	_, err := s.Claim(t.Context(), newKey(), newClaim())
	if err == nil || !strings.Contains(err.Error(), "lacks a privilege") {
		t.Errorf("got error %v", err)
	}
	d.exec(t, "GRANT UPDATE ON %s TO "+role)
	d.exec(t, fmt.Sprintf("REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC; SELECT FROM %%s", function))
	fails(t, s, "GRANT EXECUTE")
}
