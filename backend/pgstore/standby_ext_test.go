package pgstore_test

import (
	"sync"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/pgtest"
	"github.com/oncewire/idempotency/internal/proxytest"
)

// replicated is a shop whose server has a standby.
type replicated struct {
	*shop

	primary, standby *pgtest.Server
	cut              func() // nothing that is committed from now on reaches the standby
}

func newReplicated(t *testing.T, steps time.Duration) *replicated {
	t.Helper()
	r := &replicated{primary: pgtest.Start(t)}
	proxy := proxytest.Start(t, r.primary.Addr())
	cut := make(chan struct{})
	t.Cleanup(func() { close(cut) })
	r.shop = newShopIn(t, migrated(t, r.primary), idempotency.Policy{})
	r.openThrough(t, r.primary.URL("application_name="+r.application()), steps)
	r.standby = pgtest.StartStandby(t, proxy.Addr())
	eventually(t, "the standby", func() bool {
		return r.query(t, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == 1
	})
	r.cut = sync.OnceFunc(func() {
		proxy.Disturb(func(proxytest.Chunk) proxytest.Disturbance {
			<-cut
			return proxytest.Disturbance{Lost: true}
		})
	})
	return r
}

// failOver kills the primary, and returns the shop on the standby, promoted.
func (r *replicated) failOver(t *testing.T) *shop {
	t.Helper()
	r.primary.Kill()
	d := database{r.standby, r.schema}
	d.query(t, "SELECT count(pg_promote())")
	eventually(t, "the promotion", func() bool { return d.query(t, "SELECT pg_is_in_recovery()::int") == 0 })
	s := &shop{database: d, tb: t, pool: d.pool(t)}
	s.openThrough(t, r.standby.URL(), time.Minute)
	return s
}

// TestPromotedStandby has what it was sent. What it was not sent is lost as a whole: an
// effect and its outcome. So a retry runs again, and the ledger has one entry.
func TestPromotedStandby(t *testing.T) {
	t.Parallel()
	r := newReplicated(t, time.Minute)
	result, err := r.run("replicated", "replicated", nil)
	r.answers(result, err, "replicated", false)
	eventually(t, "replication", func() bool {
		return database{r.standby, r.schema}.query(t, "SELECT count(*) FROM "+r.ledger()) == 1
	})
	r.cut()
	result, err = r.run("lost", "lost", nil)
	r.answers(result, err, "lost", false)

	s := r.failOver(t)
	result, err = s.run("replicated", "replicated", nil)
	s.answers(result, err, "replicated", true)
	s.wantEntries(1)
	result, err = s.run("lost", "lost", nil)
	s.answers(result, err, "lost", false)
	s.wantEntries(2)
}

// TestSynchronousStandby: a call is answered only when the standby has its commit. A
// commit that the standby does not confirm in time is unknown, although it is visible
// on the primary.
func TestSynchronousStandby(t *testing.T) {
	t.Parallel()
	r := newReplicated(t, 2*time.Second)
	r.exec(t, "ALTER SYSTEM SET synchronous_standby_names = '*' --%s")
	r.query(t, "SELECT count(pg_reload_conf())")
	eventually(t, "a synchronous standby", func() bool {
		return r.query(t, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1
	})
	result, err := r.run("confirmed", "confirmed", nil)
	r.answers(result, err, "confirmed", false)
	r.cut()
	_, err = r.run("unconfirmed", "unconfirmed", nil)
	want(t, err, idempotency.ErrCommitUnknown)

	s := r.failOver(t)
	result, err = s.run("confirmed", "confirmed", nil)
	s.answers(result, err, "confirmed", true)
	result, err = s.run("unconfirmed", "unconfirmed", nil)
	s.answers(result, err, "unconfirmed", false)
	s.wantEntries(2)
}
