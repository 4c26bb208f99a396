package pgstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// minVersion is the oldest server that is supported, as server_version_num.
	minVersion = 140000
	// maxOffset is how far the server's clock may be from that of this process
	// without a warning.
	maxOffset = time.Minute
)

// columns are those that a store uses, with their types.
var columns = []string{
	"key bytea", "token uuid", "attempt integer", "fingerprint bytea", "state smallint", "watched boolean",
	"lease_until timestamp with time zone", "retained_until timestamp with time zone",
	"cleanup_at timestamp with time zone", "outcome bytea",
}

// Check examines whether a store can work with what is in the database. It is
// meant for the start of a service, changes nothing, takes the time of two steps
// at most and is safe for concurrent use.
//
// The error says what prevents the store from working and how to fix it, or that
// PostgreSQL could not be reached: the server is older than PostgreSQL 14, a
// standby or read-only; the schema, the table, its unique index, a column or the
// function is missing; the role lacks a privilege on them.
//
// Warnings are texts for operators about what the store works with, but not as
// intended: synchronous_commit, fsync or full_page_writes is off or the table is
// unlogged, so that a crash of the server can lose what was acknowledged; or the
// clock of the server is more than a minute away from that of this process.
func (s *Store) Check(ctx context.Context) (warnings []string, err error) {
	err = s.step(ctx, "check", func(ctx context.Context) error {
		warnings, err = s.checkServer(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.step(ctx, "check", func(ctx context.Context) error {
		found, err := s.checkTable(ctx)
		warnings = append(warnings, found...)
		return err
	})
	return warnings, err
}

func (s *Store) checkServer(ctx context.Context) (warnings []string, err error) {
	var (
		version                     int
		readOnly, fsync, pageWrites bool
		commit                      string
		now                         time.Time
		exists, usable              bool
		schema                      *string
	)
	if s.schema != "" {
		schema = &s.schema
	}
	before := time.Now()
	err = s.pool.QueryRow(ctx, s.sql.check, schema).
		Scan(&version, &readOnly, &commit, &fsync, &pageWrites, &now, &exists, &usable)
	switch {
	case err != nil:
		return nil, err
	case version < minVersion:
		return nil, fmt.Errorf("the server has version %d, use PostgreSQL 14 or newer", version/10000)
	case readOnly:
		return nil, errors.New("the server is a standby or the session is read-only, so every claim fails: connect to the primary (target_session_attrs=read-write)")
	case !exists:
		return nil, fmt.Errorf("there is no schema %q: run pgstore.Migrate", s.schema)
	case !usable:
		return nil, fmt.Errorf("the role may not use the schema %q: GRANT USAGE ON SCHEMA", s.schema)
	}
	return slices.Concat(durability(commit, fsync, pageWrites), clock(before, now, time.Now())), nil
}

// durability warns of settings with which a crash loses what was acknowledged.
func durability(commit string, fsync, pageWrites bool) (warnings []string) {
	if commit == "off" {
		warnings = append(warnings, "synchronous_commit is off: a crash of the server can lose claims and outcomes that were acknowledged, and operations can run twice; set it to on")
	}
	if !fsync || !pageWrites {
		warnings = append(warnings, "fsync or full_page_writes is off: a crash of the machine can lose or damage every record; set both to on")
	}
	return warnings
}

// clock compares the clock of the server with those of this process, before and
// after it was read.
func clock(before, server, after time.Time) []string {
	offset := max(before.Sub(server), server.Sub(after), 0)
	if offset <= maxOffset {
		return nil
	}
	return []string{fmt.Sprintf("the clocks of the server and of this process differ by %v: leases run by the server's clock alone, and a correction of it ends them sooner or later; synchronize both", offset.Round(time.Second))}
}

func (s *Store) checkTable(ctx context.Context) (warnings []string, err error) {
	var (
		version                        int
		found, lacking                 []string
		unique, defined, may, unlogged bool
	)
	table, function := s.qualified(s.table), s.qualified(s.function("_claim"))
	err = s.pool.QueryRow(ctx, s.sql.table, table, function+"(bytea,uuid,uuid,integer,bytea,interval,interval)").
		Scan(&version, &found, &unique, &lacking, &defined, &may, &unlogged)
	missing := slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return slices.Contains(found, c) })
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("there is no table %s: run pgstore.Migrate", table)
	case err != nil:
		return nil, err
	case version > 0 && version < newestVersion():
		return nil, fmt.Errorf("the table %s has version %d, and this package needs %d: run pgstore.Migrate", table, version, newestVersion())
	case len(missing) > 0:
		return nil, fmt.Errorf("the table %s has no column %s: run pgstore.Migrate, or choose another table if this is not one of pgstore", table, strings.Join(missing, ", "))
	case !unique:
		return nil, fmt.Errorf("the table %s has no unique index on key, without which no claim is exclusive, or has partitions, of which the clean-up would delete other records: use a table without partitions, ADD PRIMARY KEY (key)", table)
	case len(lacking) > 0:
		return nil, fmt.Errorf("the role lacks %[1]s on the table %[2]s: GRANT %[1]s", strings.Join(lacking, ", "), table)
	case !defined:
		return nil, fmt.Errorf("there is no function %s: run pgstore.Migrate", function)
	case !may:
		return nil, fmt.Errorf("the role may not execute the function %s: GRANT EXECUTE", function)
	case version == 0:
		warnings = append(warnings, fmt.Sprintf("the comment of the table %s names no version, so pgstore.Migrate cannot change it: restore the comment of the migration", table))
	}
	if unlogged {
		warnings = append(warnings, fmt.Sprintf("the table %s is unlogged: a crash of the server empties it, and operations can run twice; ALTER TABLE SET LOGGED", table))
	}
	return warnings, nil
}
