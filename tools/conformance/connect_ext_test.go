package conformance_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/oncewire/idempotency/tools/conformance/tally"
)

// TestConnect runs Connect's suite in every mode, against handlers with and
// without request and response wrappers: they say headers in different places.
func TestConnect(t *testing.T) {
	for _, mode := range tally.Modes {
		t.Run(string(mode), func(t *testing.T) { runSuite(t, "connect", mode, "connectserver") })
		t.Run(string(mode)+"/simple", func(t *testing.T) { runSuite(t, "connect, simple handlers", mode, "connectserver", "-simple") })
	}
}

// TestConnect2 runs it against version 2 of connect-go in every mode, and replays the
// recorded bytes of messages too.
func TestConnect2(t *testing.T) {
	for _, mode := range tally.Modes {
		t.Run(string(mode), func(t *testing.T) { runSuite(t, "connect 2", mode, "connectserver2") })
	}
	t.Run("raw", func(t *testing.T) { runSuite(t, "connect 2, raw replays", tally.Replay, "connectserver2", "-raw") })
}

func runSuite(t *testing.T, name string, mode tally.Mode, server string, flags ...string) {
	t.Helper()
	tallies := t.TempDir()
	arguments := append([]string{
		"--mode", "server", "--conf", "config.yaml", "--known-failing", "@known-failing.txt", "--max-servers", "8", "--parallel", "16", "--",
		filepath.Join(bin, server), "-mode", string(mode), "-tallies", tallies,
	}, flags...)
	output, failed := exec.CommandContext(t.Context(), filepath.Join(bin, "connectconformance"), arguments...).CombinedOutput()
	ran := result{
		suite: name, mode: mode, counts: collect(t, tallies),
		passed: number(output, `(\d+) passed`), failed: number(output, `(\d+) failed\n`),
		tolerated: number(output, `Another (\d+) failed as expected`),
	}
	results = append(results, ran)
	if failed != nil || ran.failed > 0 || ran.passed == 0 {
		t.Errorf("%v\n%s", failed, output)
	}
	if err := ran.counts.Check(mode); err != nil {
		t.Error(err)
	}
}

func number(output []byte, pattern string) int {
	found := regexp.MustCompile(pattern).FindSubmatch(output)
	if found == nil {
		return 0
	}
	parsed, _ := strconv.Atoi(string(found[1]))
	return parsed
}

// collect adds up what the servers of a run counted.
func collect(t *testing.T, folder string) (sum tally.Counts) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		var counts tally.Counts
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &counts); err != nil {
			t.Fatal(err)
		}
		sum.Add(counts)
	}
	return sum
}
