package pgstore_test

import (
	"strings"
	"testing"

	"github.com/oncewire/idempotency/backend/pgstore"
)

// TestHostileNames: names of any characters are names and nothing else.
func TestHostileNames(t *testing.T) {
	d := own(t)
	for _, name := range []string{
		"a", "select", `quote " quote`, `"; DROP SCHEMA public CASCADE; --`, "'", `\`, "$$", "$1", "%s", "a.b", "Ünïcode \n",
		strings.Repeat("n", 63), strings.Repeat("é", 31), pgstore.DefaultTable + "_claim", `"` + pgstore.DefaultTable + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			options := []pgstore.Option{pgstore.WithSchema("schema " + name[:min(len(name), 40)]), pgstore.WithTable(name), d.listening()}
			if name == strings.Repeat("é", 31) {
				options[0] = pgstore.WithSchema("é")
			}
			ok(t, pgstore.Migrate(t.Context(), d.conn(t), options...))
			ok(t, pgstore.Migrate(t.Context(), d.conn(t), options...))
			s := d.store(t, options...)
			_, err := s.Check(t.Context())
			ok(t, err)
			key := newKey()
			c := finish(t, s, key, "done")
			replays(t, s, key, "done")
			ok(t, s.Wait(t.Context(), key, c.Token))
		})
	}
}

// TestTwoTablesInOneSchema whose names differ in their ends alone.
func TestTwoTablesInOneSchema(t *testing.T) {
	d := own(t)
	for _, end := range []string{"x", "y"} {
		table := pgstore.WithTable(strings.Repeat("n", 62) + end)
		ok(t, pgstore.Migrate(t.Context(), d.conn(t), pgstore.WithSchema(d.schema), table))
		finish(t, d.store(t, table), newKey(), end)
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	for _, option := range []pgstore.Option{
		pgstore.WithTable(""), pgstore.WithTable(strings.Repeat("n", 64)), pgstore.WithSchema(strings.Repeat("n", 64)),
		pgstore.WithTable("a\x00"), pgstore.WithTable("a $claim$ b"), pgstore.WithSchema("$claim$"),
		pgstore.WithTimeout(-1), pgstore.WithPollInterval(0), pgstore.WithCleanup(-1, 1), pgstore.WithCleanup(1, 0),
	} {
		if _, err := pgstore.Migrations(option); err == nil {
			t.Error("an invalid option was accepted")
		}
	}
	if _, err := pgstore.New(nil); err == nil {
		t.Error("a nil pool was accepted")
	}
}
