package pgtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
)

// StartStandby starts a server that replicates the one at an address, which may be that
// of a proxy, and returns when it answers. It is read-only
// until it is promoted (SELECT pg_promote()). It ends with the test. The test is skipped
// in short mode.
func StartStandby(tb testing.TB, primary string) *Server {
	tb.Helper()
	skipShort(tb)
	s, err := newStandby(primary)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.End)
	s.port = freePort()
	if err := s.Restart(); err != nil {
		tb.Fatal(err)
	}
	return s
}

// newStandby copies the data of the primary.
func newStandby(primary string) (*Server, error) {
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(primary)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return nil, err
		}
	}
	copying, err := program("pg_basebackup")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, as: as}
	cmd := exec.Command(copying, "--pgdata", s.data(), "--host", host, "--port", port, "--username", "postgres",
		"--checkpoint", "fast", "--wal-method", "stream", "--write-recovery-conf", "--no-sync")
	cmd.Dir, cmd.SysProcAttr = dir, attributes(as)
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pgtest: pg_basebackup: %w:\n%s", err, text)
	}
	return s, nil
}
