package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

var tables = []table{
	{
		title: "HTTP, within the process, store in memory", base: "HTTP", rows: []string{"size", "work"},
		units: []string{"sec/op", "allocs/op"}, columns: []string{"bare", "ours", "barefiber", "fiber"}, ratio: [2]string{"ours", "fiber"},
	},
	{
		title: "HTTP, within the process, several callers at once", base: "HTTPCallers", rows: []string{"callers", "work"},
		units: []string{"calls/s"}, columns: []string{"ours", "fiber"}, ratio: [2]string{"ours", "fiber"},
	},
	{
		title: "gRPC, within the process, without a connection", base: "RPC", rows: []string{"size", "work"},
		units: []string{"sec/op", "allocs/op"}, columns: []string{"bare", "ours"},
	},
	{
		title: "HTTP/1.1 over the loopback interface", base: "Loopback", rows: []string{"size", "callers", "work"},
		units: []string{"p50-sec", "p99-sec", "calls/s"}, columns: []string{"bare", "ours", "barefiber", "fiber"}, ratio: [2]string{"ours", "fiber"},
	},
	{
		title: "gRPC and Connect over the loopback interface", base: "LoopbackRPC", rows: []string{"protocol", "size", "callers", "work"},
		units: []string{"p50-sec", "p99-sec", "calls/s"}, columns: []string{"bare", "ours"},
	},
	{
		title: "Redis, one caller", base: "Redis", rows: []string{"size", "work"},
		units: []string{"p50-sec", "p99-sec"}, columns: []string{"raw", "ours", "fiber"}, ratio: [2]string{"ours", "raw"},
	},
	{
		title: "Redis, first claims from several callers at once", base: "RedisClaims", rows: []string{"callers", "pipeline"},
		units: []string{"calls/s", "p50-sec", "p99-sec"}, columns: []string{"raw", "ours"}, ratio: [2]string{"ours", "raw"},
	},
	{
		title: "Memory of one million records", base: "Footprint", rows: []string{"work"},
		units: []string{"B/record", "gc-sec", "B/expired"}, columns: []string{"ours", "fiber", "memstore"}, ratio: [2]string{"ours", "fiber"},
	},
}

// figures returns everything between the marks of the page.
func (r *run) figures() string {
	var text strings.Builder
	fmt.Fprintf(&text, "\nMeasured on %s: %s, %d processors, %s, in %d interleaved rounds.\n\n",
		time.Now().UTC().Format("2 January 2006"), r.machine, runtime.NumCPU(), runtime.Version(), r.rounds())
	text.WriteString("![Time of one call, 200 bytes](figures/performance-calls.svg)\n\n")
	text.WriteString("![Replays a second by the number of callers](figures/performance-callers.svg)\n\n")
	for _, t := range tables {
		text.WriteString(t.text(r))
	}
	return text.String()
}

// rounds returns how many samples the benchmarks have at least.
func (r *run) rounds() int {
	fewest := -1
	for _, s := range r.series {
		for _, samples := range s.samples {
			if fewest < 0 || len(samples) < fewest {
				fewest = len(samples)
			}
		}
	}
	return fewest
}

// find returns the series with the name and the configuration, given as size=200B.
func (r *run) find(base string, config ...string) *series {
	for _, s := range r.series {
		matches := s.base == base
		for _, pair := range config {
			key, value, _ := strings.Cut(pair, "=")
			matches = matches && s.config[key] == value
		}
		if matches {
			return s
		}
	}
	return nil
}
