package pgstore

import (
	"embed"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed sql/*.sql
var queries embed.FS

// statements are the texts that a store sends, with the names of its table.
type statements struct {
	claim, takeover           string
	open, lock, find          string // begin a transaction
	insert, clear             string // end it
	waitLock, confirm         string // find out about a commit
	extend, complete, release string
	join, hold, committed     string // for a transaction of the handler
	standing, remaining, look string
	cleanup, postpone         string
	check, table              string
}

func newStatements(n names, isolation pgx.TxIsoLevel) statements {
	read := func(name string) string {
		text, err := queries.ReadFile("sql/" + name + ".sql")
		if err != nil {
			panic(err) // the files are part of the package
		}
		return n.fill(withoutComments(string(text)))
	}
	open := "BEGIN"
	if isolation != "" {
		open += " ISOLATION LEVEL " + string(isolation)
	}
	return statements{
		claim: read("claim"), takeover: read("takeover"),
		open: open, lock: read("lock"), find: read("find"),
		insert: read("insert"), clear: read("clear"), waitLock: read("waitlock"), confirm: read("confirm"),
		extend: read("extend"), complete: read("complete"), release: read("release"),
		join: read("join"), hold: read("hold"), committed: read("committed"),
		standing: read("standing"), remaining: read("remaining"), look: read("look"),
		cleanup: read("cleanup"), postpone: read("postpone"),
		check: read("check"), table: read("table"),
	}
}

// withoutComments leaves out the lines that are comments, so that they are not
// sent with every statement.
func withoutComments(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "--") {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, ""))
}
