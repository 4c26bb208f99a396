// Package pgtest starts real PostgreSQL servers for tests. Every server listens
// on a free port of the loopback interface, keeps its data in a directory of its
// own that is removed when it ends, and is ended by its process ID. A test that is
// killed ends its servers on Linux, and leaves their directories behind. PostgreSQL
// refuses to run as root, so a test that does runs it as the user postgres, or
// as daemon where there is no such user.
//
// The programs are those of the system's package: in PATH, or in the newest
// /usr/lib/postgresql/*/bin. The environment variable POSTGRES_BIN names another
// directory to take initdb and postgres from. PgBouncer is in PATH or /usr/sbin.
package pgtest
