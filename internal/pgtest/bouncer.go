package pgtest

import (
	"context"
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

	"github.com/jackc/pgx/v5"
)

// StartBouncer starts a PgBouncer in transaction mode in front of a server, or of a
// proxy, and returns its host and port. It ends with the test. Each setting is one of
// the section [pgbouncer] such as "default_pool_size=4". The test is skipped in short
// mode.
func StartBouncer(tb testing.TB, target string, settings ...string) (addr string) {
	tb.Helper()
	skipShort(tb)
	for range 5 { // another process can take a port that was free
		b, err := newBouncer(target, settings)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(b.end)
		if err := b.start(); err != nil {
			tb.Log(err)
			continue
		}
		return b.addr()
	}
	tb.Fatal("pgtest: no PgBouncer")
	return ""
}

// bouncer is a PgBouncer with a directory of its own.
type bouncer struct {
	dir     string
	port    int
	as      *syscall.Credential
	process *exec.Cmd
}

func newBouncer(target string, settings []string) (*bouncer, error) {
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgbouncer")
	if err != nil {
		return nil, err
	}
	b := &bouncer{dir: dir, port: freePort(), as: as}
	text := fmt.Sprintf("[databases]\npostgres = host=%s port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"+
		"unix_socket_dir =\nauth_type = trust\nauth_file = %s\npool_mode = transaction\nmax_client_conn = 500\n"+
		"default_pool_size = 50\nserver_connect_timeout = 5\nserver_login_retry = 1\n", host, port, b.port, b.path("users"))
	text += strings.Join(append(settings, ""), "\n")
	err = errors.Join(
		os.WriteFile(b.path("users"), []byte(`"postgres" ""`+"\n"), 0o644),
		os.WriteFile(b.path("ini"), []byte(text), 0o644),
		os.Chmod(dir, 0o755),
	)
	return b, err
}

func (b *bouncer) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bouncer) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port)) }

func (b *bouncer) start() error {
	path, err := exec.LookPath("pgbouncer")
	if err != nil { // an administrator's directory may be missing from PATH
		path, err = find("/usr/sbin/pgbouncer", "install it with 'apt-get install pgbouncer' or 'brew install pgbouncer'")
	}
	if err != nil {
		return err
	}
	log, err := os.Create(b.path("log"))
	if err != nil {
		return err
	}
	defer log.Close()
	b.process = exec.Command(path, b.path("ini"))
	b.process.Dir, b.process.SysProcAttr = b.dir, attributes(b.as)
	b.process.Stdout, b.process.Stderr = log, log
	if err := b.process.Start(); err != nil {
		b.process = nil
		return err
	}
	return b.ready()
}

// ready waits until PgBouncer and what is behind it answer.
func (b *bouncer) ready() error {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(5 * time.Millisecond) {
		if answers(b.addr()) {
			return nil
		}
		if state, _ := status(b.process.Process.Pid); state == "Z" {
			break
		}
	}
	text, _ := os.ReadFile(b.path("log"))
	return fmt.Errorf("pgtest: no PgBouncer on %s:\n%s", b.addr(), text)
}

func answers(addr string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, "postgres://postgres@"+addr+"/postgres?sslmode=disable&default_query_exec_mode=simple_protocol")
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

func (b *bouncer) end() {
	if b.process != nil {
		_ = b.process.Process.Kill()
		_ = b.process.Wait()
	}
	_ = os.RemoveAll(b.dir)
}
