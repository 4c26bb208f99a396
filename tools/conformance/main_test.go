package conformance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"text/tabwriter"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/tools/conformance/tally"
)

// bin has the programs of a run.
var bin string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "conformance")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	bin = folder
	build := exec.Command("go", "build", "-o", bin+string(filepath.Separator),
		"./connectserver", "./connectserver2", "./interopclient", "connectrpc.com/conformance/cmd/connectconformance")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v:\n%s", build, output)
		return 1
	}
	defer summarize()
	return m.Run()
}

// result is a line of the summary.
type result struct {
	suite                     string
	mode                      tally.Mode
	passed, failed, tolerated int
	counts                    tally.Counts
}

var results []result

// summarize prints for the log of CI what was run: the cases, and what happened to
// their unary calls.
func summarize() {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	defer table.Flush()
	fmt.Fprintln(table, "suite\tmode\tpassed\tfailed\tknown failing\tcalls\tclaimed\trecorded\treleased\tabandoned\treplayed\tcaller gone\t")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t", r.suite, r.mode, r.passed, r.failed, r.tolerated, r.counts.Calls)
		for _, kind := range []idempotency.EventKind{
			idempotency.EventClaimed, idempotency.EventRecorded, idempotency.EventReleased, idempotency.EventAbandoned, idempotency.EventReplayed,
		} {
			fmt.Fprintf(table, "%d\t", r.counts.Count(kind))
		}
		fmt.Fprintf(table, "%d\t\n", r.counts.GaveUp)
	}
}
