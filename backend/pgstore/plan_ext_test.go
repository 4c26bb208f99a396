package pgstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency/backend/pgstore"
)

// TestPlansUseIndexes: no statement of a store reads the whole table, whatever its
// parameters are, and no statement for one key does so in a table that is empty.
func TestPlansUseIndexes(t *testing.T) {
	d := own(t)
	all := pgstore.Statements(d.store(t))
	d.plansUseIndexes(t, all[:9])
	d.exec(t, "INSERT INTO %s"+` SELECT key, gen_random_uuid(), 1, key || '\x01'::bytea, 2, false, now(), later, later + '1 s', 'done'
FROM (SELECT sha256(n::text::bytea) AS key, now() + n * interval '1 s' AS later FROM generate_series(1, 20000) AS n) AS r`)
	d.exec(t, "VACUUM ANALYZE %s")
	d.plansUseIndexes(t, all)
	d.exec(t, "DELETE FROM %s")
	d.exec(t, "VACUUM ANALYZE %s")
	d.plansUseIndexes(t, all[:9])
}

// plansUseIndexes requires it of plans that are made now and cached.
func (d database) plansUseIndexes(t *testing.T, statements []string) {
	t.Helper()
	conn := d.conn(t)
	run := func(sql string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), sql)
		ok(t, err)
	}
	run("SET plan_cache_mode = force_generic_plan")
	for i, sql := range statements {
		name := fmt.Sprint("statement_", i)
		run("PREPARE " + name + " AS " + sql)
		parameters := 0
		for strings.Contains(sql, fmt.Sprint("$", parameters+1)) {
			parameters++
		}
		rows, err := conn.Query(t.Context(), "EXPLAIN EXECUTE "+name+"("+strings.TrimSuffix(strings.Repeat("NULL, ", parameters), ", ")+")")
		ok(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		ok(t, err)
		if plan := strings.Join(lines, "\n"); strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s\n%s", sql, plan)
		}
	}
}
