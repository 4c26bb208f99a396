package pgtest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency/internal/pgtest"
)

const childVariable = "PGTEST_CHILD"

// TestServerEndsWithAKilledTest has a test process of its own start a server, and
// kills it with SIGKILL.
func TestServerEndsWithAKilledTest(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		server := pgtest.Start(t)
		fmt.Fprintln(os.Stdout, "URL", server.URL())
		time.Sleep(time.Hour)
	}
	if testing.Short() {
		t.Skip("needs a PostgreSQL server")
	}
	child := exec.Command(os.Args[0], "-test.run", "^TestServerEndsWithAKilledTest$")
	child.Env = append(os.Environ(), childVariable+"=1", "TMPDIR="+passable(t))
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	for lines := bufio.NewScanner(output); url == "" && lines.Scan(); {
		url, _ = strings.CutPrefix(lines.Text(), "URL ")
		if url == lines.Text() {
			url = ""
		}
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if url == "" {
		t.Fatal("the child started no server")
	}
	for start := time.Now(); run(t, url, "SELECT 1") == nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatal("the server outlived the test that started it")
		}
	}
}

// passable returns a directory that the unprivileged user can pass through, for
// what the killed test leaves behind.
func passable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgtest-killed") //nolint:usetesting // others cannot pass through t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}
