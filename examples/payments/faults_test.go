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

// mode is what an operator chooses by flags.
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

// fault is a row of the matrix. A round is what befalls a number of calls, and
// ends when the client knows what became of them and all is well again.
type fault struct {
	name  string
	lease time.Duration
	round func(c *cell, calls int)
}

const (
	// callsPerRound is what a round takes on at a time, of the FAULT_CALLS of a
	// cell, and cellsAtATime is how many cells do. Each has three processes.
	callsPerRound = 12
	cellsAtATime  = 8
)

// faultCalls is one call for every door, or as many as FAULT_CALLS says.
func faultCalls(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FAULT_CALLS")
	if text == "" {
		return len(doors)
	}
	calls, err := strconv.Atoi(text)
	if err != nil || calls < 1 {
		t.Fatalf("FAULT_CALLS is %q, want a number", text)
	}
	return calls
}

// TestFaults shows that nothing is charged beyond what the promises name, and
// that no answer is wrong, whatever befalls processes, Redis and connections:
//
//   - a handler starts again only when it is told so, and never under Reject;
//   - every replay is the same answer, and one of a charge of its key;
//   - a key is free again soon after the lease of a process that died.
//
// FAULT_CALLS is the number of calls in each cell of the matrix. With -v it
// prints the table.
//
// faults_rows_test.go lists the faults, which are in faults_network_test.go and
// faults_death_test.go. A cell (faults_cell_test.go) runs them on real processes
// behind wires (faults_wire_test.go), asks as a client does that wants an answer
// (faults_client_test.go), and compares what that heard with the charges that
// were made (faults_verdict_test.go).
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
				table.add(f, m, c.judge())
			})
		}
	}
}

// table is what all cells came to.
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
		total.calls, total.strikes, total.charges, total.named, total.beyond, total.stale, total.apart,
		total.unknown, total.unstarted, total.wrong, total.blocked.Seconds())
}

func (t *table) String() string {
	lines := []string{
		"| fault | mode | calls | strikes | charges | named second starts | beyond | stale answers | of these in front | told unknown | of these never started | wrong answers | longest wait after a death |",
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
