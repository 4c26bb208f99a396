package pgtest_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/oncewire/idempotency/internal/pgtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.EndShared()
		os.Exit(code)
	}))
}

func run(t *testing.T, url, sql string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	return err
}

// TestKilledServerKeepsItsData over a restart: what it had committed is there.
func TestKilledServerKeepsItsData(t *testing.T) {
	server := pgtest.Start(t)
	if err := run(t, server.URL(), "CREATE TABLE kept (n int)"); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if run(t, server.URL(), "SELECT 1") == nil {
		t.Error("a server that was killed answers")
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := run(t, server.URL(), "INSERT INTO kept VALUES (1)"); err != nil {
		t.Error(err)
	}
}

func TestSharedServerIsOne(t *testing.T) {
	if a, b := pgtest.Shared(t), pgtest.Shared(t); a != b {
		t.Errorf("%s and %s, want one server", a.Addr(), b.Addr())
	}
	if err := run(t, pgtest.Shared(t).URL(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestEndRemovesTheData(t *testing.T) {
	server := pgtest.Start(t, "log_min_messages=info")
	if server.Log() == "" {
		t.Fatal("the server wrote no log")
	}
	server.End()
	if server.Log() != "" {
		t.Error("the directory is still there")
	}
}
