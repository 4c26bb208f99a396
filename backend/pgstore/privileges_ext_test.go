package pgstore_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency/backend/pgstore"
	"github.com/oncewire/idempotency/internal/pgtest"
)

var grant = regexp.MustCompile(`(?m)^//\tGRANT .*;$`)

// TestPrivileges runs every step as the role that the package documentation
// describes.
func TestPrivileges(t *testing.T) {
	server := pgtest.Start(t, "fsync=on", "full_page_writes=on")
	admin := connect(t, server.URL())
	schema := pgstore.WithSchema("idem")
	ok(t, pgstore.Migrate(t.Context(), admin, schema))
	source, err := os.ReadFile("doc.go")
	ok(t, err)
	grants := grant.FindAllString(string(source), -1)
	if len(grants) != 5 {
		t.Fatalf("%d grants in the documentation, want 5", len(grants))
	}
	setup := []string{"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA idem FROM PUBLIC", "REVOKE ALL ON SCHEMA public FROM PUBLIC", "CREATE ROLE app LOGIN"}
	for _, statement := range append(setup, grants...) {
		_, err := admin.Exec(t.Context(), strings.TrimPrefix(statement, "//\t"))
		ok(t, err)
	}
	d := database{server, "idem"}
	url := pgtest.URL(server.Addr(), "app")
	listener := pgstore.WithListener(func(ctx context.Context) (*pgx.Conn, error) {
		return pgx.Connect(ctx, url+"&application_name=listener_")
	})
	s := d.storeOn(t, poolOf(t, url), listener, pgstore.WithPollInterval(never), manual(10))
	warns(t, s)

	key := newKey()
	c := win(t, s, key)
	ok(t, s.Extend(t.Context(), key, c.Token, 0, time.Hour))
	next := newClaim()
	next.Replaces = c.Token
	rec, err := s.Claim(t.Context(), key, next)
	ok(t, err)
	if rec.Token != next.Token {
		t.Errorf("the takeover lost to %v", rec)
	}
	end := waiting(t, d, s, 1, key, next)
	eventually(t, "a listener", func() bool {
		return d.query(t, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND query LIKE 'LISTEN%' AND state = 'idle'") == 1
	})
	ok(t, s.Complete(t.Context(), key, next.Token, outcome("done")))
	end(nil)
	replays(t, s, key, "done")
	_, err = s.RetentionLeft(t.Context(), key, next.Token)
	ok(t, err)
	committed := newClaim()
	_, transaction, err := s.Begin(t.Context(), newKey(), committed)
	ok(t, err)
	ok(t, transaction.Commit(t.Context(), outcome("done")))
	other := newKey()
	ok(t, s.Release(t.Context(), other, win(t, s, other).Token))
	d.exec(t, "UPDATE %s SET retained_until = now(), cleanup_at = now()")
	ok(t, pgstore.CleanUp(t.Context(), s))
	if n := d.rows(t); n != 0 {
		t.Errorf("%d rows, want 0", n)
	}
}
