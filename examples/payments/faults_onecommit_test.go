//go:build unix

package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency/internal/pgtest"
	"github.com/oncewire/idempotency/internal/proxytest"
)

// oneCommitFault is a row of the matrix of one-commit mode.
type oneCommitFault struct {
	name string
	// parameters are added to the URL of the store.
	parameters []string
	// ownServer is set if the round needs a server that no other cell uses.
	ownServer bool
	round     func(c *oneCommitCell, calls int)
}

// oneCommitCell is a cell whose store and ledger are in one PostgreSQL database.
type oneCommitCell struct {
	*cell

	server *pgtest.Server
	schema string
	admin  *pgxpool.Pool
	faults atomic.Int32 // that happened
}

// oneCommitMode has a lease that no test lives to see: a key that a lease blocks stays
// blocked.
var oneCommitMode = mode{name: "OneCommit", flags: []string{"-lease", "1h"}}

// TestFaultsOneCommit checks the promises of one-commit mode under faults at every
// boundary of a call's steps:
//
//   - each call has exactly one payment in the ledger and exactly one recorded answer,
//     which belongs to that payment;
//   - no client ever got the answer of a payment that is not in the ledger;
//   - a key is free again as soon as the server has noticed that a connection is dead.
//
// FAULT_CALLS is the number of calls in each cell. With -v the test prints the table.
// faults_onecommit_list_test.go lists the faults, and faults_onecommit_rounds_test.go
// has their rounds. Processes, proxies and clients are those of [TestFaults].
func TestFaultsOneCommit(t *testing.T) {
	t.Parallel()
	calls, table := faultCalls(t), &oneCommitTable{}
	shared := pgtest.Start(t)
	room := make(chan struct{}, cellsAtATime)
	t.Cleanup(func() { t.Logf("\n%s", table) })
	for i, f := range oneCommitFaults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			room <- struct{}{}
			defer func() { <-room }()
			server := shared
			if f.ownServer {
				server = pgtest.Start(t)
			}
			c := newOneCommitCell(t, f, server, fmt.Sprint("cell", i))
			for left := calls; left > 0; left -= callsPerRound {
				c.lives()
				f.round(c, min(left, callsPerRound))
			}
			table.add(f, c.check())
		})
	}
}

func newOneCommitCell(t *testing.T, f oneCommitFault, server *pgtest.Server, schema string) *oneCommitCell {
	t.Helper()
	c := &oneCommitCell{server: server, schema: schema}
	var err error
	if c.admin, err = pgxpool.New(t.Context(), server.URL("pool_max_conns=2", "application_name=admin", "search_path="+schema)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.admin.Close)
	if _, err := c.admin.Exec(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	c.cell = newCellOn(t, fault{name: f.name}, oneCommitMode, sharedStore{server.Addr(), func(proxy string) string {
		return pgtest.URL(proxy, "postgres", append([]string{
			"pool_max_conns=8", "search_path=" + schema, "application_name=" + schema,
		}, f.parameters...)...)
	}})
	return c
}

// terminate ends the connections of both processes.
func (c *oneCommitCell) terminate() {
	_, err := c.admin.Exec(context.Background(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", c.schema)
	if err != nil {
		c.Error(err)
	}
}

// boundary is a moment between two steps of a call: before a statement reaches
// PostgreSQL, or before its reply reaches the process.
type boundary struct {
	name string
	is   func(proxytest.Chunk) bool
}

func before(name, sql string) boundary {
	return boundary{name, func(sent proxytest.Chunk) bool { return sent.Up && pgtest.Sends(sent.Bytes, sql) }}
}

func after(name, tag string) boundary {
	return boundary{name, func(sent proxytest.Chunk) bool { return !sent.Up && pgtest.Replies(sent.Bytes, tag) }}
}

// afterEffect is the reply to the INSERT of the handler. That of the record comes
// together with the one of COMMIT.
var afterEffect = boundary{"AfterEffect", func(sent proxytest.Chunk) bool {
	return !sent.Up && pgtest.Replies(sent.Bytes, "INSERT 0 1") && !pgtest.Replies(sent.Bytes, "COMMIT")
}}

var boundaries = []boundary{
	before("BeforeClaim", "BEGIN"), after("AfterClaim", "BEGIN"),
	before("BeforeEffect", insertEntry), afterEffect,
	before("BeforeCommit", "COMMIT"), after("AfterCommit", "COMMIT"),
}

// oneCommitTable has the results of all cells.
type oneCommitTable struct {
	mu    sync.Mutex
	lines map[string]string
	sum   oneCommitTally
}

func (t *oneCommitTable) add(f oneCommitFault, total oneCommitTally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines == nil {
		t.lines = map[string]string{}
	}
	t.lines[f.name] = total.line(f.name)
	t.sum.add(total)
}

func (t *oneCommitTable) String() string {
	lines := []string{
		"| fault | calls | faults | handler starts | ledger rows | recorded answers | doubles | lost | wrong answers | longest wait after a death |",
		"|---|---|---|---|---|---|---|---|---|---|",
	}
	for _, f := range oneCommitFaults() {
		if line, ran := t.lines[f.name]; ran {
			lines = append(lines, line)
		}
	}
	return strings.Join(append(lines, t.sum.line("all")), "\n")
}
