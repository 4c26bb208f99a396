package pgstore_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/internal/pgtest"
)

func BenchmarkStore(b *testing.B) {
	backendtest.Benchmark(b, func(tb testing.TB) backend.Store {
		tb.Helper()
		return own(tb).store(tb)
	})
}

// servers sync what they commit, as in production, or do not.
var servers = map[string]func(testing.TB) *pgtest.Server{
	"Sync":   func(tb testing.TB) *pgtest.Server { return pgtest.Start(tb, "fsync=on", "full_page_writes=on") },
	"NoSync": pgtest.Shared,
}

// BenchmarkClaim puts the claim of an absent key beside a bare INSERT of the same
// columns into a table with a primary key, through the same pool. A server that
// syncs pays for the commit in both.
func BenchmarkClaim(b *testing.B) {
	for name, server := range servers {
		b.Run(name, func(b *testing.B) {
			d := migrated(b, server(b))
			pool := d.pool(b, "pool_max_conns=64")
			s, c := d.storeOn(b, pool), newClaim()
			raw := d.rawTable(b)
			compare(b, func() error {
				_, err := pool.Exec(b.Context(), "INSERT INTO "+raw+` (key, token, attempt, fingerprint, state, lease_until, retained_until)
VALUES ($1, $2, 1, $3, 1, now() + $4, now() + $5)`, newKeyBytes(), pgtype.UUID{Bytes: c.Token, Valid: true}, c.Fingerprint[:], time.Hour, time.Hour)
				return err
			}, func() error {
				rec, err := s.Claim(b.Context(), newKey(), c)
				if err == nil && rec.Token != c.Token {
					b.Errorf("Claim: %v", rec)
				}
				return err
			})
		})
	}
}

// BenchmarkReplay puts a replay beside a SELECT of the same columns by their key,
// and beside one of the outcome alone.
func BenchmarkReplay(b *testing.B) {
	d := own(b)
	pool := d.pool(b, "pool_max_conns=64")
	s, key, c := d.storeOn(b, pool), newKey(), newClaim()
	text := bytes.Repeat([]byte{'x'}, 300)
	d.fill(b, pool, text)
	finish(b, s, key, string(text))
	replay := func() error {
		rec, err := s.Claim(b.Context(), key, c)
		if err == nil && len(rec.Outcome) != len(text) {
			b.Errorf("Claim: %v", rec)
		}
		return err
	}
	b.Run("SameColumns", func(b *testing.B) {
		compare(b, d.selectRecord(b, pool, key), replay)
	})
	b.Run("OutcomeAlone", func(b *testing.B) {
		compare(b, func() error {
			var outcome []byte
			return pool.QueryRow(b.Context(), "SELECT outcome FROM "+d.table()+" WHERE key = $1", key[:]).Scan(&outcome)
		}, replay)
	})
}

// selectRecord returns a bare SELECT of a record by its key.
func (d database) selectRecord(b *testing.B, pool *pgxpool.Pool, key backend.Key) func() error {
	b.Helper()
	return func() error {
		var (
			state, attempt       int32
			token                pgtype.UUID
			fingerprint, outcome []byte
			until                time.Time
		)
		return pool.QueryRow(b.Context(), "SELECT state, token, attempt, fingerprint, lease_until, outcome FROM "+d.table()+" WHERE key = $1", key[:]).
			Scan(&state, &token, &attempt, &fingerprint, &until, &outcome)
	}
}

func newKeyBytes() []byte {
	key := newKey()
	return key[:]
}

// rawTable creates the table for bare statements.
func (d database) rawTable(b *testing.B) string {
	b.Helper()
	name := d.table() + "_raw"
	name = name[:len(name)-len(`"_raw`)] + `_raw"`
	d.exec(b, "CREATE TABLE "+name+` (key bytea PRIMARY KEY, token uuid, attempt integer, fingerprint bytea, state smallint,
lease_until timestamptz, retained_until timestamptz, outcome bytea); SELECT FROM %s`)
	return name
}

// fill puts other rows into the table, so that its index has a depth.
func (d database) fill(b *testing.B, pool *pgxpool.Pool, text []byte) {
	b.Helper()
	_, err := pool.Exec(b.Context(), "INSERT INTO "+d.table()+` SELECT key, gen_random_uuid(), 1, key || '\x01'::bytea, 2, false, now(), now() + '1 day', now() + '1 day', $1::bytea
FROM (SELECT sha256(n::text::bytea) AS key FROM generate_series(1, 20000) AS n) AS r`, text)
	ok(b, err)
	_, err = pool.Exec(b.Context(), "VACUUM ANALYZE "+d.table())
	ok(b, err)
}

// compare runs both in turns of 50 calls a caller, by one caller and by 64, and
// reports the median latency and the throughput of each, and their ratios.
func compare(b *testing.B, raw, store func() error) {
	b.Helper()
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("Callers=%d", callers), func(b *testing.B) {
			var of [2]measured
			for turn := 0; of[1].calls < max(b.N, 100*callers); turn++ {
				of[turn%2].run(b, callers, []func() error{raw, store}[turn%2])
			}
			b.ReportMetric(of[0].median(), "raw-µs")
			b.ReportMetric(of[1].median(), "store-µs")
			b.ReportMetric(of[1].median()/of[0].median(), "ratio")
			b.ReportMetric(of[0].perSecond(), "raw/s")
			b.ReportMetric(of[1].perSecond(), "store/s")
			b.ReportMetric(of[0].perSecond()/of[1].perSecond(), "ratio/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

type measured struct {
	calls     int
	took      time.Duration
	mu        sync.Mutex
	latencies []time.Duration
}

func (m *measured) run(b *testing.B, callers int, call func() error) {
	b.Helper()
	const turn = 50
	start := time.Now()
	var running sync.WaitGroup
	for range callers {
		running.Go(func() {
			var own [turn]time.Duration
			for i := range own {
				before := time.Now()
				if err := call(); err != nil {
					b.Error(err)
				}
				own[i] = time.Since(before)
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			m.latencies = append(m.latencies, own[:]...)
		})
	}
	running.Wait()
	m.took += time.Since(start)
	m.calls += callers * turn
}

func (m *measured) median() float64 {
	slices.Sort(m.latencies)
	return float64(m.latencies[len(m.latencies)/2]) / float64(time.Microsecond)
}

func (m *measured) perSecond() float64 { return float64(m.calls) / m.took.Seconds() }
