package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/internal/pgtest"
)

// postgresTest is a test over one protocol to one of two servers that share a
// database, and a client of the other one.
type postgresTest struct {
	protocolTest

	other client
}

// inPostgres runs a test over every protocol, with a tenant of its own.
func inPostgres(t *testing.T, test func(postgresTest)) {
	t.Helper()
	t.Parallel()
	c := configure(t, func(c *config) {
		c.store, c.storeTimeout, c.tenantHeader = pgtest.Start(t).URL(), testTimeout, "X-Tenant"
	})
	a, b := serve(t, c, openStore(t, c)), serve(t, c, openStore(t, c))
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			test(postgresTest{protocolTest{t, a, p.dial(t, a)}, p.dial(t, b)})
		})
	}
}

// wantCharges checks how many payments the test has made.
func (t postgresTest) wantCharges(want int) {
	t.Helper()
	if got := len(t.entries(t.name())); got != want {
		t.Errorf("%d entries in the ledger, want %d", got, want)
	}
}

func (t postgresTest) name() string { return strings.ReplaceAll(t.Name(), "/", "-") }

func TestPostgresSharesKeysAndLedger(t *testing.T) {
	inPostgres(t, func(t postgresTest) {
		call := charge("key-1").by(t.name())
		first := t.create(call)
		first.wantFirst(t)
		t.other.create(t.Context(), call).wantReplayOf(t, first)
		t.other.create(t.Context(), call.of("grace")).wantRefusal(t, keyReused)
		t.wantCharges(1)
		t.create(call.keyless()).wantFirst(t)
		t.wantCharges(2)
	})
}

// TestPostgresRollsBack a payment whose call fails after it, and keeps the error if
// that is recorded.
func TestPostgresRollsBack(t *testing.T) {
	inPostgres(t, func(t postgresTest) {
		failing := charge("failing").by(t.name()).simulated(&paymentsv1.Simulate{Code: int32(codes.Internal)})
		first := t.create(failing)
		first.wantError(t, codes.Internal, 500)
		again := t.other.create(t.Context(), failing)
		if !again.replayed || again.message != first.message {
			t.Errorf("got %+v, want a replay of %+v", again, first)
		}
		panicking := charge("panicking").by(t.name()).simulated(&paymentsv1.Simulate{Crash: true})
		for range 2 {
			t.create(panicking).wantError(t, codes.Internal, 500)
		}
		unavailable := charge("unavailable").by(t.name()).simulated(&paymentsv1.Simulate{Code: int32(codes.Unavailable)})
		for range 2 {
			t.create(unavailable).wantError(t, codes.Unavailable, 503)
		}
		t.wantCharges(0)
	})
}

// TestPostgresUpdates a payment that the other server has made.
func TestPostgresUpdates(t *testing.T) {
	t.Parallel()
	c := configure(t, func(c *config) { c.store = pgtest.Start(t).URL() })
	a, b := serve(t, c, openStore(t, c)), serve(t, c, openStore(t, c))
	made := dialGRPC(t, a).create(t.Context(), charge("key-1"))
	made.wantFirst(t)
	client := newGRPCClient(t, b.grpcAddress)
	changed, err := client.UpdatePayment(t.Context(), &paymentsv1.UpdatePaymentRequest{Id: made.payment.GetId(), Description: "two books"})
	if err != nil || changed.GetDescription() != "two books" {
		t.Errorf("got %v, %v", changed, err)
	}
	found, err := newGRPCClient(t, a.grpcAddress).GetPayment(t.Context(), &paymentsv1.GetPaymentRequest{Id: made.payment.GetId()})
	if err != nil || found.GetDescription() != "two books" {
		t.Errorf("got %v, %v", found, err)
	}
	if _, err := client.GetPayment(t.Context(), &paymentsv1.GetPaymentRequest{Id: "pay_0"}); err == nil {
		t.Error("found a payment that does not exist")
	}
	dialGRPC(t, a).create(t.Context(), held("key-2")).wantError(t, codes.FailedPrecondition, 400)
	a.wantEntries(1)
}

func TestStartWarnsOfPostgres(t *testing.T) {
	server := pgtest.Start(t, "synchronous_commit=off", "fsync=on", "full_page_writes=on")
	if log := logged(t, server.URL(), testTimeout); !strings.Contains(log, "synchronous_commit") {
		t.Errorf("logged %q", log)
	}
}

// TestPostgresRefused at the start, with an error that never contains the password.
func TestPostgresRefused(t *testing.T) {
	skipInShort(t, "waits for connections that are refused")
	t.Parallel()
	for _, store := range []string{
		"postgres://user:secret@127.0.0.1:1/none", "postgres://user:secret@host:port/none",
		"postgres://user:se cret@host", "postgres://user:%secret@host", "postgres://user:secret/secret@host",
		"postgres://user:1?secret@host", "postgres://user:1#secret@host",
		"postgresql://user:secret@127.0.0.1:1/none?pool_max_conns=many", "postgres://user:secret@host?sslmode=sometimes",
	} {
		_, err := config{store: store}.openStore(t.Context())
		if err == nil {
			t.Errorf("%s: accepted", store)
		} else if !strings.HasPrefix(err.Error(), "-store: ") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", store, err)
		}
	}
}

// TestPostgresPoolExhausted: while handlers keep all connections, other calls are
// refused over every protocol when their step times out. Then all run.
func TestPostgresPoolExhausted(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	c := configure(t, func(c *config) { c.store, c.storeTimeout = server.URL("pool_max_conns=2"), 300*time.Millisecond })
	s := serve(t, c, openStore(t, c))
	admin, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	locked, err := admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locked.Exec(t.Context(), "LOCK TABLE payments IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	over := dialGRPC(t, s)
	running := []<-chan answer{inBackground(t, over, charge("a")), inBackground(t, over, charge("b"))}
	eventually(t, "handlers that wait", func() bool {
		var n int
		err := locked.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE NOT granted").Scan(&n)
		return err == nil && n == len(running)
	})
	clients := make([]client, 0, len(protocols))
	for _, p := range protocols {
		clients = append(clients, p.dial(t, s))
	}
	for _, a := range take(60, atOnce(t, 60, func(i int) call { return charge(fmt.Sprint("refused-", i)) }, clients)) {
		a.wantRefusal(t, storeIsDown)
	}
	if err := locked.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, answers := range running {
		(<-answers).wantFirst(t)
	}
	over.create(t.Context(), charge("refused-0")).wantFirst(t)
	s.wantEntries(3)
}
