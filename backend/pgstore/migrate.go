package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Files has the SQL of every version of the schema under migrations/, for tools
// such as goose and Atlas and to be applied by hand. Names begin with the version,
// and the statements are those for the default table; see [Migrations] for
// another one. Each file is to be applied once, in the order of the names.
//
//go:embed migrations/*.sql
var Files embed.FS

// Migration is the step from one version of the schema to the next.
type Migration struct {
	Version int    // that it leads to; the first is 1
	Name    string // of its file
	SQL     string // several statements, to be applied in one transaction
}

// Migrations returns all migrations in their order, with the names of the schema
// and the table that the options set.
func Migrations(options ...Option) ([]Migration, error) {
	c, err := newConfig(options)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(Files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	all := make([]Migration, 0, len(names))
	for _, name := range names {
		text, err := Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(path.Base(name), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return nil, err
		}
		all = append(all, Migration{version, path.Base(name), c.fill(string(text))})
	}
	return all, nil
}

// newestVersion is the version of the schema that this package needs.
func newestVersion() int {
	names, _ := fs.Glob(Files, "migrations/*.sql") // the pattern is valid
	return len(names)
}

// Beginner begins transactions: a [pgx.Conn], or a [pgxpool.Pool].
//
// [pgxpool.Pool]: https://pkg.go.dev/github.com/jackc/pgx/v5/pgxpool#Pool
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Migrate brings the schema to the version that this package needs, in one
// transaction: it creates the table if there is none, and a schema that an option
// names. It has no effect where nothing is missing. Processes that call it at the
// same time wait for each other. The role needs the right to create tables and
// functions in the schema, which a store does not need.
//
// The version is part of the table's comment. Migrate returns an error if the
// table exists without it, or if its version is newer than this package.
func Migrate(ctx context.Context, conn Beginner, options ...Option) error {
	c, err := newConfig(options)
	if err != nil {
		return err
	}
	all, err := Migrations(options...)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return migrate(ctx, tx, c.names, all) })
	if err != nil {
		return fmt.Errorf("pgstore: migrate: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, tx pgx.Tx, n names, all []Migration) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", n.channel()); err != nil {
		return err
	}
	if err := createSchema(ctx, tx, n.schema); err != nil {
		return err
	}
	exists, version, err := installed(ctx, tx, n)
	switch {
	case err != nil:
		return err
	case exists && version == 0:
		return fmt.Errorf("the table %s exists, and its comment names no version: restore the comment, or choose another name", n.qualified(n.table))
	case version > len(all):
		return fmt.Errorf("the table %s has version %d, and this package knows no more than %d", n.qualified(n.table), version, len(all))
	}
	for _, m := range all[version:] {
		if _, err := tx.Exec(ctx, m.SQL); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return nil
}

// createSchema does not try to create a schema that exists, which takes a right
// that the role may lack.
func createSchema(ctx context.Context, tx pgx.Tx, name string) error {
	if name == "" {
		return nil
	}
	var exists bool
	err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", name).Scan(&exists)
	if err == nil && !exists {
		_, err = tx.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{name}.Sanitize())
	}
	return err
}

// querier runs a query for one row: a transaction or a pool.
type querier interface {
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
}

// installed reports whether the table exists, and the version in its comment,
// which is 0 if there is none.
func installed(ctx context.Context, db querier, n names) (exists bool, version int, err error) {
	err = db.QueryRow(ctx, `SELECT coalesce((regexp_match(obj_description(c.oid, 'pg_class'), 'schema version ([0-9]{1,9})'))[1], '0')::integer
FROM pg_class AS c WHERE c.oid = to_regclass($1)`, n.qualified(n.table)).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, 0, nil
	}
	return err == nil, version, err
}
