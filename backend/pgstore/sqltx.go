package pgstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLTx returns a transaction of database/sql for [Complete] and [Mark]. Its driver
// may be any for PostgreSQL whose errors have a method SQLState, as those of pgx and
// of lib/pq do.
func SQLTx(tx *sql.Tx) OwnTx { return sqlTx{tx} }

type sqlTx struct{ tx *sql.Tx }

// Exec implements [OwnTx].
func (t sqlTx) Exec(ctx context.Context, statement string, arguments ...any) (pgconn.CommandTag, error) {
	result, err := t.tx.ExecContext(ctx, statement, arguments...)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	rows, err := result.RowsAffected()
	return pgconn.NewCommandTag(fmt.Sprintf("SELECT %d", rows)), err
}

// Commit implements [OwnTx].
func (t sqlTx) Commit(context.Context) error { return t.tx.Commit() }

// Rollback implements [OwnTx].
func (t sqlTx) Rollback(context.Context) error { return t.tx.Rollback() }
