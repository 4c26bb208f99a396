package benchmarks_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/oncewire/idempotency/benchmarks/internal/subject"
)

// BenchmarkHTTP makes calls within the process, one after the other, with a store in
// memory.
func BenchmarkHTTP(b *testing.B) {
	for _, size := range subject.Sizes() {
		for _, work := range []string{"none", "first", "replay", "running", "mismatch"} {
			each(b, "size="+size.Name, work, func(b *testing.B, s subject.Subject) { inProcess(b, s, size, work) })
		}
	}
}

// each runs a benchmark for every subject that can do the work. The configuration is the
// beginning of its name, "size=200B".
func each(b *testing.B, config, work string, run func(*testing.B, subject.Subject)) {
	b.Helper()
	for _, s := range subject.All() {
		if slices.Contains(s.Works, work) {
			b.Run(config+"/work="+work+"/subject="+s.Name, func(b *testing.B) { run(b, s) })
		}
	}
}

func inProcess(b *testing.B, s subject.Subject, size subject.Size, work string) {
	b.Helper()
	if work == "first" {
		firstCalls(b, s, size)
		return
	}
	effect := &subject.Effect{Answer: size.Answer()}
	server := s.Open(b, effect, "")
	defer server.Close()
	prepared := prepare(b, server, effect, size, work)
	defer prepared.end()
	b.ReportAllocs()
	for b.Loop() {
		if status, _ := prepared.call(""); status != statusOf[work] {
			b.Fatalf("status %d", status)
		}
	}
}

// firstCalls opens a new store whenever all keys are used up, so that the store stays
// small. The first round is not measured: it touches the memory that the next ones
// use.
func firstCalls(b *testing.B, s subject.Subject, size subject.Size) {
	b.Helper()
	keys := make([]string, min(1<<14, 1<<26/size.Bytes))
	for i := range keys {
		keys[i] = subject.Key(i)
	}
	var server subject.Server
	var first prepared
	reopen := func() {
		if server != nil {
			server.Close()
		}
		effect := &subject.Effect{Answer: size.Answer()}
		server = s.Open(b, effect, "")
		first = prepare(b, server, effect, size, "first")
	}
	reopen()
	for _, key := range keys {
		first.call(key)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(keys) == 0 {
			b.StopTimer()
			reopen()
			b.StartTimer()
		}
		if status, _ := first.call(keys[i%len(keys)]); status != http.StatusCreated {
			b.Fatalf("status %d", status)
		}
	}
	server.Close()
}
