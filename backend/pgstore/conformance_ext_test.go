package pgstore_test

import (
	"sync"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// databases finds the schema of a store.
var databases sync.Map

func held(tb testing.TB, s backend.Store) int {
	tb.Helper()
	d, _ := databases.Load(s)
	return int(d.(database).rows(tb))
}

func inParallel(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		f(t)
	})
}

// conforms runs the suite on stores whose pools have the parameters. Their
// clean-up is fast, and steps get more time than usual: in the suite every step
// is slow at times.
func conforms(t *testing.T, listens bool, parameters ...string) {
	t.Helper()
	t.Parallel()
	backendtest.Run(t, backendtest.Harness{
		Open: func(tb testing.TB) backend.Store {
			tb.Helper()
			d := own(tb)
			options := []pgstore.Option{pgstore.WithTimeout(20 * time.Second), pgstore.WithCleanup(50*time.Millisecond, 20)}
			if listens {
				options = append(options, d.listening())
			}
			s := d.storeOn(tb, d.pool(tb, append(parameters, "pool_max_conns=16")...), options...)
			databases.Store(s, d)
			return s
		},
		Held:       held,
		Subtest:    inParallel,
		Tick:       20 * time.Millisecond,
		Resolution: time.Microsecond,
	})
}

func TestConformance(t *testing.T) { conforms(t, true) }

func TestConformancePolling(t *testing.T) { conforms(t, false) }

// TestConformanceUnprepared is for poolers that cannot keep prepared statements.
func TestConformanceUnprepared(t *testing.T) { conforms(t, false, "default_query_exec_mode=exec") }

func TestConformanceSimpleProtocol(t *testing.T) {
	conforms(t, false, "default_query_exec_mode=simple_protocol")
}

// TestConformanceSerializable is for servers, databases and roles whose default
// isolation is stricter than usual: concurrent steps then fail and are sent again.
func TestConformanceSerializable(t *testing.T) {
	conforms(t, false, "default_transaction_isolation=serializable")
}
