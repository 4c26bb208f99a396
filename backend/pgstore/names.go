package pgstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// DefaultTable is the table of records, see [WithTable].
const DefaultTable = "idempotency_records"

// maxName is the length in bytes to which PostgreSQL cuts names.
const maxName = 63

// names are those of what a store uses in the database.
type names struct{ schema, table string }

// qualified returns a name as a statement writes it. Without a schema it is
// found by the search_path of the connection.
func (n names) qualified(name string) string {
	if n.schema == "" {
		return pgx.Identifier{name}.Sanitize()
	}
	return pgx.Identifier{n.schema, name}.Sanitize()
}

// functions are the ends of the names of the functions, which begin with the name
// of the table.
var functions = []string{"_claim", "_takeover", "_join"}

// function returns the name of a function.
func (n names) function(suffix string) string {
	if len(n.table)+len(suffix) <= maxName {
		return n.table + suffix
	}
	sum := n.digest()
	return strings.ToValidUTF8(n.table[:maxName-len(suffix)-len(sum)-1], "") + "_" + sum + suffix
}

// channel returns the name of the channel on which ends of claims are notified.
// It leaves out the schema, which one process can name and another can leave to
// the search_path.
func (n names) channel() string { return "idempotency_" + n.digest() }

func (n names) digest() string {
	sum := sha256.Sum256([]byte(n.table))
	return hex.EncodeToString(sum[:8])
}

// fill puts the names into a statement that was written with the default ones.
func (n names) fill(sql string) string {
	replaced := make([]string, 0, 4+2*len(functions))
	replaced = append(replaced,
		`'"`+DefaultTable+`"'`, "'"+strings.ReplaceAll(n.qualified(n.table), "'", "''")+"'",
		`"`+DefaultTable+`"`, n.qualified(n.table))
	for _, suffix := range functions {
		replaced = append(replaced, `"`+DefaultTable+suffix+`"`, n.qualified(n.function(suffix)))
	}
	return strings.NewReplacer(replaced...).Replace(sql)
}

func (n names) validate() error {
	var problems []error
	for what, name := range map[string]string{"schema": n.schema, "table": n.table} {
		switch {
		case name == "" && what == "table":
			problems = append(problems, errors.New("pgstore: the name of the table is empty"))
		case len(name) > maxName:
			problems = append(problems, fmt.Errorf("pgstore: %s name %q is longer than %d bytes", what, name, maxName))
		case strings.Contains(name, "\x00"), strings.Contains(name, "$claim$"):
			problems = append(problems, fmt.Errorf("pgstore: %s name %q contains a zero byte or the text $claim$", what, name))
		}
	}
	return errors.Join(problems...)
}
