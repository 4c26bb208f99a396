//go:build unix

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// mode is a choice of flags.
type mode struct {
	name    string
	rejects bool
	flags   []string
}

var modes = []mode{
	{"Retry", false, []string{"-on-abandoned", "retry", "-detach", "0"}},
	{"Reject", true, []string{"-on-abandoned", "reject", "-detach", "0"}},
	{"Detached", false, []string{"-on-abandoned", "retry", "-detach", "5m"}},
}

// fault is a row of the matrix. A round makes a number of calls under the fault. It
// ends when the client knows their outcomes and the fault is over.
type fault struct {
	name  string
	lease time.Duration
	round func(c *cell, calls int)
}

const (
	// callsPerRound is how many of the FAULT_CALLS of a cell a round makes, and
	// cellsAtATime how many cells run at a time. Each cell has three processes.
	callsPerRound = 12
	cellsAtATime  = 8
)

// faultCalls returns FAULT_CALLS, by default one call over every protocol.
func faultCalls(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FAULT_CALLS")
	if text == "" {
		return len(protocols)
	}
	calls, err := strconv.Atoi(text)
	if err != nil || calls < 1 {
		t.Fatalf("FAULT_CALLS is %q, want a number", text)
	}
	return calls
}

// TestFaults checks the promises of the library under faults of processes, Redis and
// connections:
//
//   - a handler starts again only with Recovered set, and never under Reject;
//   - all replays are the same answer, which belongs to a charge of their key;
//   - a key is free again soon after the lease of a process that died.
//
// FAULT_CALLS is the number of calls in each cell of the matrix. With -v the test
// prints the table.
//
// faults_list_test.go lists the faults. faults_network_test.go and
// faults_death_test.go have their rounds. A cell (faults_cell_test.go) runs rounds on
// real processes behind proxies (faults_proxy_test.go). Its client sends each call
// until it knows the outcome (faults_caller_test.go). In the end the cell compares all
// answers with the charges (faults_check_test.go).
func TestFaults(t *testing.T) {
	t.Parallel()
	calls, table := faultCalls(t), &table{}
	room := make(chan struct{}, cellsAtATime)
	t.Cleanup(func() { t.Logf("\n%s", table) })
	for _, f := range faults {
		for _, m := range modes {
			t.Run(f.name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				room <- struct{}{}
				defer func() { <-room }()
				c := newCell(t, f, m)
				for left := calls; left > 0; left -= callsPerRound {
					f.round(c, min(left, callsPerRound))
				}
				table.add(f, m, c.check())
			})
		}
	}
}

// table has the results of all cells.
type table struct {
	mu    sync.Mutex
	lines map[string]string
}

func (t *table) add(f fault, m mode, total tally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines == nil {
		t.lines = map[string]string{}
	}
	t.lines[f.name+m.name] = fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %.1f s |", f.name, m.name,
		total.calls, total.disturbances, total.charges, total.recovered, total.excess, total.stale, total.edge,
		total.unknown, total.unstarted, total.wrong, total.blocked.Seconds())
}

func (t *table) String() string {
	lines := []string{
		"| fault | mode | calls | disturbances | charges | second starts with Recovered | other second starts | stale answers | of these at the edge | outcome unknown | of these never started | wrong answers | longest wait after a death |",
		"|---|---|---|---|---|---|---|---|---|---|---|---|---|",
	}
	for _, f := range faults {
		for _, m := range modes {
			if line, ran := t.lines[f.name+m.name]; ran {
				lines = append(lines, line)
			}
		}
	}
	return strings.Join(lines, "\n")
}
