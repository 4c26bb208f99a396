package benchmarks_test

import (
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/benchmarks/internal/subject"
)

var records = flag.Int("records", 1_000_000, "how many records the benchmarks of memory store")

// BenchmarkFootprint reports the bytes of the heap that each record takes in a store in
// memory, and how long one garbage collection takes then. The subjects store an answer
// of 300 bytes with two fields. memstore, without an adapter, stores an outcome of 300
// bytes in all, and reports what remains when every record has expired.
func BenchmarkFootprint(b *testing.B) {
	for _, s := range subject.All() {
		if s.Name == subject.Bare || s.Name == subject.BareFiber {
			continue
		}
		b.Run("work=footprint/subject="+s.Name, func(b *testing.B) {
			effect := &subject.Effect{Answer: subject.Size{Bytes: 300}.Answer()}
			before := heap()
			server := s.Open(b, effect, "")
			call, body := server.Dial(), subject.Sizes()[0].Request(0)
			for n := range *records {
				if status, _ := call(subject.Key(n), body); status != http.StatusCreated {
					b.Fatalf("status %d", status)
				}
			}
			reportHeap(b, before)
			server.Close()
		})
	}
	b.Run("work=footprint/subject=memstore", footprintOfStore)
}

func footprintOfStore(b *testing.B) {
	const retention = 10 * time.Second
	answer := subject.Size{Bytes: 300}.Answer()
	before := heap()
	store := memstore.New()
	defer store.Close()
	for n := range *records {
		key := numbered(n)
		token := backend.Token(key[:16])
		_, err := store.Claim(b.Context(), key, backend.Claim{Token: token, Attempt: 1, Lease: retention, Retention: retention})
		if err != nil {
			b.Fatal(err)
		}
		outcome := backend.Outcome{Bytes: append(make([]byte, 0, len(answer)), answer...), Retention: retention}
		if err := store.Complete(b.Context(), key, token, outcome); err != nil {
			b.Fatal(err)
		}
	}
	if store.Len() != *records {
		b.Fatalf("only %d of %d records are left: the machine is too slow for this benchmark", store.Len(), *records)
	}
	reportHeap(b, before)
	for began := time.Now(); store.Len() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			b.Fatalf("%d records outlived their retention", store.Len())
		}
	}
	b.ReportMetric(perRecord(before), "B/expired")
	runtime.KeepAlive(store)
}

func reportHeap(b *testing.B, before uint64) {
	b.Helper()
	b.ReportMetric(perRecord(before), "B/record")
	start := time.Now()
	runtime.GC()
	b.ReportMetric(float64(time.Since(start)), "gc-ns")
}

func perRecord(before uint64) float64 { return (float64(heap()) - float64(before)) / float64(*records) }

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func numbered(n int) backend.Key {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
}
