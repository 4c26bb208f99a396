package redistest

import (
	"bufio"
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

// patience is how long a server may take to start, and how long a Cluster or
// a Sentinel may take to find itself together. A sentinel that was not given the
// processor for 2 s does nothing for the next 30.
const patience = 2 * time.Minute

// goneWithin bounds the wait for a child that was killed with its server: where
// nobody collects it, it stays in the table of processes, and does no harm.
const goneWithin = time.Second

// Server is a process with a group of its own. Its methods are not safe for concurrent use.
type Server struct {
	port    int
	dir     string
	file    string // the configuration; empty for none
	args    []string
	process *exec.Cmd // nil while it is down
	log     *os.File
}

// Start starts a server that ends with the test. Arguments are those of the
// program, and follow those that make it small and forgetful. The test is skipped in
// short mode.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	skipShort(tb)
	s, err := launch(tb.TempDir(), args...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Kill)
	return s
}

// launch starts a server that works in dir and runs until Kill.
func launch(dir string, args ...string) (*Server, error) {
	err := errors.New("no attempt was made")
	for range 5 { // another process can snatch a port that was free
		s := &Server{port: freePort(), dir: dir, args: args}
		if err = s.Restart(); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// Addr returns the host and port that the server listens on.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Kill ends the server as kill -9 does, with the child that may be writing a
// snapshot for it, and waits for their end. It has no effect on one that is down.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	group := -s.process.Process.Pid
	_ = syscall.Kill(group, syscall.SIGKILL)
	_ = s.process.Wait()
	for start := time.Now(); syscall.Kill(group, 0) == nil && time.Since(start) < goneWithin; {
		time.Sleep(time.Millisecond)
	}
	_ = s.log.Close()
	s.process = nil
}

// Pause makes the server hang: it takes connections and answers nothing.
func (s *Server) Pause() { _ = s.process.Process.Signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume() { _ = s.process.Process.Signal(syscall.SIGCONT) }

// Restart starts the server again, empty, on the same port, and returns when
// it answers.
func (s *Server) Restart() error {
	s.Kill()
	program, err := program()
	if err != nil {
		return err
	}
	if s.log, err = os.Create(filepath.Join(s.dir, strconv.Itoa(s.port)+".log")); err != nil {
		return err
	}
	s.process = exec.Command(program, s.arguments()...)
	s.process.Stdout, s.process.Stderr = s.log, s.log
	s.process.SysProcAttr = attributes()
	if err := s.process.Start(); err != nil {
		s.process = nil
		return errors.Join(err, s.log.Close())
	}
	return s.ready()
}

func (s *Server) arguments() []string {
	common := []string{"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--daemonize", "no", "--loglevel", "warning"}
	if s.file != "" {
		return append(append([]string{s.file}, common...), s.args...)
	}
	forgetful := []string{"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"}
	return append(append(common, forgetful...), s.args...)
}

// ready waits until the server answers. What it wrote is part of the error.
func (s *Server) ready() error {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(5 * time.Millisecond) {
		if s.answers() {
			return nil
		}
		if s.gone() {
			break
		}
	}
	text, _ := os.ReadFile(s.log.Name())
	s.Kill()
	return fmt.Errorf("redistest: no server on %s:\n%s", s.Addr(), text)
}

func (s *Server) answers() bool {
	conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	reply, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.HasPrefix(reply, "+PONG") || strings.HasPrefix(reply, "-NOAUTH")
}

// gone reports whether the process has ended and only waits to be collected.
func (s *Server) gone() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return false // no /proc on this system: the patience decides
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}

func program() (string, error) {
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("redistest: %w: install it with 'apt-get install redis-server' or 'brew install redis'", err)
	}
	return path, nil
}

func freePort() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
