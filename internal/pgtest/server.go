package pgtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a server may take to start or to end.
const patience = time.Minute

// Server is a PostgreSQL server, with a process group of its own. Its methods are
// not safe for concurrent use.
type Server struct {
	dir      string // holds the data and the log
	port     int
	settings []string
	as       *syscall.Credential
	process  *exec.Cmd // nil while it is down
	log      *os.File
}

// Start starts a server that ends with the test. Each setting is a parameter of
// postgresql.conf such as "fsync=on". The test is skipped in short mode.
func Start(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	skipShort(tb)
	s, err := launch(settings...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.End)
	return s
}

// launch starts a server that runs until End.
func launch(settings ...string) (*Server, error) {
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, settings: settings, as: as}
	if err := s.create(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	for range 5 { // another process can take a port that was free
		s.port = freePort()
		if err = s.Restart(); err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(err, os.RemoveAll(dir))
}

// create makes the data directory.
func (s *Server) create() error {
	if s.as != nil {
		if err := os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return err
		}
	}
	initdb, err := program("initdb")
	if err != nil {
		return err
	}
	cmd := exec.Command(initdb, "--pgdata", s.data(), "--username", "postgres", "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--no-sync")
	cmd.Dir, cmd.SysProcAttr = s.dir, attributes(s.as)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w:\n%s", err, text)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Addr returns the host and port that the server listens on.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL returns a connection string for the superuser of the database postgres.
// Parameters are those of the connection string, such as "pool_max_conns=4".
func (s *Server) URL(parameters ...string) string { return URL(s.Addr(), "postgres", parameters...) }

// URL returns a connection string for a user at an address, which may be that of
// a proxy in front of a server.
func URL(addr, user string, parameters ...string) string {
	all := append([]string{"sslmode=disable"}, parameters...)
	return "postgres://" + user + "@" + addr + "/postgres?" + strings.Join(all, "&")
}

// Restart kills the server if it is up, starts it on the same data and the same
// port, and returns when it answers. A process that the killed server started at
// that very moment can hold its memory a little longer.
func (s *Server) Restart() error {
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		s.Kill()
		err := s.start()
		if err == nil || !strings.Contains(err.Error(), "is still in use") || time.Since(start) > patience {
			return err
		}
	}
}

func (s *Server) start() error {
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	if s.log, err = os.Create(filepath.Join(s.dir, "log")); err != nil {
		return err
	}
	s.process = exec.Command(postgres, s.arguments()...)
	s.process.Dir, s.process.SysProcAttr = s.dir, attributes(s.as)
	s.process.Stdout, s.process.Stderr = s.log, s.log
	if err := s.process.Start(); err != nil {
		s.process = nil
		return errors.Join(err, s.log.Close())
	}
	return s.ready()
}

// RestartAsStandby is Restart, but the server then replays what no primary sends:
// it is read-only until it is promoted (SELECT pg_promote()).
func (s *Server) RestartAsStandby() error {
	s.Kill()
	if err := os.WriteFile(filepath.Join(s.data(), "standby.signal"), nil, 0o644); err != nil {
		return err
	}
	if s.as != nil { // a promotion removes the file
		if err := os.Chown(filepath.Join(s.data(), "standby.signal"), int(s.as.Uid), int(s.as.Gid)); err != nil {
			return err
		}
	}
	return s.Restart()
}

// arguments make the server small and fast: what it writes need not survive a
// crash of the machine.
func (s *Server) arguments() []string {
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port)}
	common := []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300", "shared_buffers=64MB",
		"fsync=off", "full_page_writes=off", "log_min_messages=warning", "jit=off",
		"dynamic_shared_memory_type=mmap", // in the data directory, which is removed after a kill too
	}
	for _, setting := range append(common, s.settings...) {
		args = append(args, "-c", setting)
	}
	return args
}

// Log returns what the server has written since it was started.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text)
}

// Pause makes the server hang: it takes connections and answers nothing.
func (s *Server) Pause() { s.signalAll(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume() { s.signalAll(syscall.SIGCONT) }

func freePort() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
