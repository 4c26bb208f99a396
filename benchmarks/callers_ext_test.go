package benchmarks_test

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency/benchmarks/internal/subject"
)

// callerCounts returns how many callers call at once.
func callerCounts() []int { return []int{1, 16, 128, 1024} }

func configOf(size subject.Size, callers int) string {
	return "callers=" + strconv.Itoa(callers) + "/size=" + size.Name
}

// BenchmarkHTTPCallers makes calls of 200 bytes within the process, from several
// callers at once, with a store in memory.
func BenchmarkHTTPCallers(b *testing.B) {
	size := subject.Sizes()[0]
	for _, callers := range callerCounts() {
		for _, work := range []string{"first", "replay"} {
			each(b, configOf(size, callers), work, func(b *testing.B, s subject.Subject) {
				callersInProcess(b, s, size, work, callers)
			})
		}
	}
}

func callersInProcess(b *testing.B, s subject.Subject, size subject.Size, work string, callers int) {
	b.Helper()
	effect := &subject.Effect{Answer: size.Answer()}
	server := s.Open(b, effect, "")
	defer server.Close()
	share(b, callers, false, func() func(int) {
		prepared := prepare(b, server, effect, size, work)
		return func(n int) {
			if status, _ := prepared.call(subject.Key(n)); status != statusOf[work] {
				b.Errorf("status %d", status)
			}
		}
	})
}

// share makes b.N calls from so many callers, each of which gets the numbers of its
// calls. It reports calls/s and, if asked to, the median and the 99th percentile of
// the time of one call.
func share(b *testing.B, callers int, times bool, dial func() (call func(n int))) {
	b.Helper()
	calls := make([]func(int), callers)
	for i := range calls {
		calls[i] = dial()
	}
	taken := make([]time.Duration, b.N)
	var next atomic.Int64
	var running sync.WaitGroup
	b.ResetTimer()
	for _, call := range calls {
		running.Go(func() {
			for n := next.Add(1) - 1; n < int64(b.N); n = next.Add(1) - 1 {
				if !times {
					call(int(n))
					continue
				}
				start := time.Now()
				call(int(n))
				taken[n] = time.Since(start)
			}
		})
	}
	running.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	if times {
		slices.Sort(taken)
		b.ReportMetric(float64(taken[b.N/2]), "p50-ns")
		b.ReportMetric(float64(taken[b.N*99/100]), "p99-ns")
	}
}
