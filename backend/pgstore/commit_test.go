package pgstore

import (
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestRefusedCommits are those of which the server says that nothing was committed.
func TestRefusedCommits(t *testing.T) {
	for want, errs := range map[bool][]error{
		true: {
			&pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "23505"},
			&pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "40001"},
		},
		false: {
			&pgconn.PgError{SeverityUnlocalized: "FATAL", Code: "57P01"}, // the connection was terminated
			&pgconn.PgError{SeverityUnlocalized: "FATAL", Code: "08P01"}, // PgBouncer lost the server
			&pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "08006"}, // as other poolers say it
			io.ErrUnexpectedEOF, pgconn.ErrConnClosed,
		},
	} {
		for _, err := range errs {
			if refused(err) != want {
				t.Errorf("%v: refused is %t, want %t", err, !want, want)
			}
		}
	}
}
