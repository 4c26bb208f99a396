package pgstore_test

import (
	"sync"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/pgtest"
	"github.com/oncewire/idempotency/internal/proxytest"
)

// execModes are the ways in which pgx can send statements; the first is its default.
var execModes = []string{"cache_statement", "exec", "simple_protocol"}

// behind returns a shop whose store connects through a proxy. Its steps have the
// given time.
func behind(t *testing.T, d database, steps time.Duration, parameters ...string) (*shop, *proxytest.Proxy) {
	t.Helper()
	s := newShopIn(t, d, idempotency.Policy{})
	proxy := proxytest.Start(t, s.server.Addr())
	parameters = append(parameters, "application_name="+s.application())
	s.openThrough(t, pgtest.URL(proxy.Addr(), "postgres", parameters...), steps)
	return s, proxy
}

func (s *shop) openThrough(t *testing.T, url string, steps time.Duration) {
	t.Helper()
	s.store = s.storeOn(t, poolOf(t, url))
	engine, err := idempotency.New(s.store,
		idempotency.WithPolicy("*", idempotency.Policy{Transaction: backend.OneCommit}),
		idempotency.WithLimits(idempotency.Limits{StoreTimeout: steps}))
	ok(t, err)
	s.engine = engine
}

// atCommit disturbs the first COMMIT, on its way to the server or the reply to it.
func atCommit(proxy *proxytest.Proxy, up bool, do func() proxytest.Disturbance) {
	var first sync.Once
	proxy.Disturb(func(sent proxytest.Chunk) (d proxytest.Disturbance) {
		if sent.Up == up && (up && pgtest.Sends(sent.Bytes, "COMMIT") || !up && pgtest.Replies(sent.Bytes, "COMMIT")) {
			first.Do(func() { d = do() })
		}
		return d
	})
}

func lost() proxytest.Disturbance { return proxytest.Disturbance{Lost: true} }

// TestReplyToCommitIsLost: the store finds out that the transaction was committed.
func TestReplyToCommitIsLost(t *testing.T) {
	t.Parallel()
	for _, mode := range execModes {
		s, proxy := behind(t, own(t), time.Minute, "default_query_exec_mode="+mode)
		atCommit(proxy, false, lost)
		result, err := s.run("key", "payment", nil)
		s.answers(result, err, "payment", false)
		if proxy.Disturbances() != 1 {
			t.Errorf("%s: nothing was disturbed", mode)
		}
		result, err = s.run("key", "payment", nil)
		s.answers(result, err, "payment", true)
		s.wantEntries(1)
	}
}

// TestConnectionIsCutDuringCommit: COMMIT arrives, and with it a request of pgx to
// cancel it. Whichever wins, the store says what happened.
func TestConnectionIsCutDuringCommit(t *testing.T) {
	t.Parallel()
	for _, mode := range execModes {
		s, proxy := behind(t, own(t), time.Minute, "default_query_exec_mode="+mode)
		atCommit(proxy, true, func() proxytest.Disturbance { return proxytest.Disturbance{HangUp: true} })
		result, err := s.run("key", "payment", nil)
		committed := err == nil
		if committed {
			s.answers(result, err, "payment", false)
		} else {
			want(t, err, idempotency.ErrRolledBack)
			s.wantEntries(0)
		}
		result, err = s.run("key", "payment", nil)
		s.answers(result, err, "payment", committed)
		s.wantEntries(1)
		if proxy.Disturbances() != 1 {
			t.Errorf("%s: nothing was disturbed", mode)
		}
	}
}

// TestCommitIsLost: the store finds out that the transaction was not committed, and the
// key is free.
func TestCommitIsLost(t *testing.T) {
	t.Parallel()
	for _, mode := range execModes {
		s, proxy := behind(t, own(t), time.Minute, "default_query_exec_mode="+mode)
		atCommit(proxy, true, lost)
		_, err := s.run("key", "payment", nil)
		want(t, err, idempotency.ErrRolledBack)
		want(t, err, backend.ErrNotCommitted)
		s.wantEntries(0)
		result, err := s.run("key", "payment", nil)
		s.answers(result, err, "payment", false)
		s.wantEntries(1)
	}
}

// TestCommitIsLate: the bytes of COMMIT are on their way when the store gives up. What
// became of the transaction cannot be known then, and the key stays locked, until they
// arrive or the server learns that the connection is dead.
func TestCommitIsLate(t *testing.T) {
	t.Parallel()
	for _, arrives := range []bool{true, false} {
		s, proxy := behind(t, own(t), 400*time.Millisecond)
		released := make(chan struct{})
		atCommit(proxy, true, func() proxytest.Disturbance {
			<-released
			return proxytest.Disturbance{Lost: !arrives}
		})
		_, err := s.run("key", "payment", nil)
		want(t, err, idempotency.ErrCommitUnknown)
		_, err = s.run("key", "payment", nil)
		want(t, err, idempotency.ErrInProgress)
		s.wantEntries(0)
		close(released)
		eventually(t, "the key", func() bool {
			result, err := s.run("key", "payment", nil)
			if err == nil {
				s.answers(result, err, "payment", arrives)
			}
			return err == nil
		})
		s.wantEntries(1)
	}
}

// TestServerIsKilledAtCommit, and does not come back in time: what became of the
// transaction is unknown, and a retry finds it out.
func TestServerIsKilledAtCommit(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for name, committed := range map[string]bool{"before": false, "after": true} {
		s, proxy := behind(t, migrated(t, server), 400*time.Millisecond)
		killed := make(chan struct{})
		atCommit(proxy, !committed, func() proxytest.Disturbance {
			server.Kill()
			close(killed)
			return lost()
		})
		_, err := s.run("key", "payment", nil)
		want(t, err, idempotency.ErrCommitUnknown)
		<-killed
		_, err = s.run("key", "payment", nil)
		want(t, err, idempotency.ErrStore)
		ok(t, server.Restart())
		eventually(t, "the server", func() bool {
			result, err := s.run("key", "payment", nil)
			if err == nil {
				s.answers(result, err, "payment", committed)
			}
			return err == nil
		})
		if n := s.entries(); n != 1 {
			t.Errorf("killed %s the commit: %d entries, want 1", name, n)
		}
	}
}

// TestBackendIsTerminatedAtCommit: its last words end the connection, not the
// transaction, so the record decides.
func TestBackendIsTerminatedAtCommit(t *testing.T) {
	t.Parallel()
	for _, up := range []bool{true, false} {
		s, proxy := behind(t, own(t), time.Minute)
		atCommit(proxy, up, func() proxytest.Disturbance {
			s.terminate(t)
			return proxytest.Disturbance{}
		})
		result, err := s.run("key", "payment", nil)
		if up && err != nil {
			want(t, err, idempotency.ErrRolledBack)
			s.wantEntries(0)
			result, err = s.run("key", "payment", nil)
		}
		s.answers(result, err, "payment", false)
		s.wantEntries(1)
	}
}
