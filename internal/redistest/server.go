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

// patience is how long a server may take to start, and a Cluster or a Sentinel to
// form. A sentinel that did not get processor time for 2 s is inactive for the next
// 30 s.
const patience = 2 * time.Minute

// goneWithin limits the wait for a child that was killed with its server. If no
// process waits for it, it remains in the process table, which is harmless.
const goneWithin = time.Second

// Server is a server in its own process group. Its methods are not safe for
// concurrent use.
type Server struct {
	port    int
	dir     string
	file    string // the configuration file; empty for none
	args    []string
	process *exec.Cmd // nil while the server is down
	log     *os.File
}

// Start starts a server that ends with the test. The arguments are passed to the
// program after default arguments that turn persistence off. In short mode, Start
// skips the test.
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

// launch starts a server that stores its files in dir and runs until Kill.
func launch(dir string, args ...string) (*Server, error) {
	err := errors.New("no attempt was made")
	for range 5 { // another process can take the free port first
		s := &Server{port: freePort(), dir: dir, args: args}
		if err = s.Restart(); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// Addr returns the host and port that the server listens on.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Kill kills the server and any child that writes a snapshot for it (SIGKILL), and
// waits for their end. It has no effect on a server that is down.
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

// Pause makes the server hang: it accepts connections and sends no replies.
func (s *Server) Pause() { _ = s.process.Process.Signal(syscall.SIGSTOP) }

// Resume continues a paused server.
func (s *Server) Resume() { _ = s.process.Process.Signal(syscall.SIGCONT) }

// Restart starts the server again on the same port, without its data, and returns
// when it replies.
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
	volatile := []string{"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"}
	return append(append(common, volatile...), s.args...)
}

// ready waits until the server replies. The error contains the log of the server.
func (s *Server) ready() error {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(5 * time.Millisecond) {
		if s.replies() {
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

func (s *Server) replies() bool {
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

// gone reports whether the process has ended and is a zombie.
func (s *Server) gone() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return false // no /proc on this system: wait for the patience
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
