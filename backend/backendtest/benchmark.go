package backendtest

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Benchmark measures the store: a claim of an absent key, a first call from claim
// to completion, a replay, and a claim of a running key. Each runs in one goroutine
// and in GOMAXPROCS goroutines. Records have a retention of one second, so that the
// results include the cost of freeing them.
func Benchmark(b *testing.B, open func(tb testing.TB) backend.Store) {
	for _, m := range []struct {
		name string
		call func(b *testing.B, store backend.Store) func(backend.Key)
	}{
		{"ClaimAbsent", benchmarkAbsent},
		{"ClaimComplete", benchmarkComplete},
		{"ClaimDone", benchmarkDone},
		{"ClaimRunning", benchmarkRunning},
	} {
		b.Run(m.name, func(b *testing.B) { oneByOne(b, m.call(b, open(b))) })
		b.Run(m.name+"Parallel", func(b *testing.B) { inParallel(b, m.call(b, open(b))) })
	}
}

// oneByOne makes calls in one goroutine, each with a new key.
func oneByOne(b *testing.B, call func(backend.Key)) {
	b.Helper()
	b.ReportAllocs()
	var n uint64
	for b.Loop() {
		n++
		call(numbered(n))
	}
}

// inParallel makes calls in several goroutines, each with a new key.
func inParallel(b *testing.B, call func(backend.Key)) {
	b.Helper()
	b.ReportAllocs()
	var goroutines atomic.Uint64
	b.RunParallel(func(pb *testing.PB) {
		n := goroutines.Add(1) << 40
		for pb.Next() {
			n++
			call(numbered(n))
		}
	})
}

// numbered returns the n-th key. Its bits are distributed like those of a digest, and
// it is cheap to compute.
func numbered(n uint64) (k backend.Key) {
	for i := 0; i < len(k); i += 8 {
		n = (n + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
		n ^= n >> 29
		binary.LittleEndian.PutUint64(k[i:], n)
	}
	return k
}

func benchmarkAbsent(b *testing.B, store backend.Store) func(backend.Key) {
	b.Helper()
	c := backend.Claim{Token: newToken(), Attempt: 1, Lease: time.Second}
	return func(key backend.Key) {
		rec, err := store.Claim(b.Context(), key, c)
		if err != nil || rec.Token != c.Token {
			b.Errorf("Claim: %s, %v", describe(rec), err)
		}
	}
}

func benchmarkComplete(b *testing.B, store backend.Store) func(backend.Key) {
	b.Helper()
	c := newClaim()
	c.Lease, c.Retention = time.Second, time.Second
	o := backend.Outcome{Bytes: bytes.Repeat([]byte{'x'}, 300), Retention: time.Second}
	return func(key backend.Key) {
		if _, err := store.Claim(b.Context(), key, c); err != nil {
			b.Errorf("Claim: %v", err)
		}
		if err := store.Complete(b.Context(), key, c.Token, o); err != nil {
			b.Errorf("Complete: %v", err)
		}
	}
}

func benchmarkDone(b *testing.B, store backend.Store) func(backend.Key) {
	b.Helper()
	key, c := newKey(), newClaim()
	o := backend.Outcome{Bytes: bytes.Repeat([]byte{'x'}, 300), Retention: long}
	if _, err := store.Claim(b.Context(), key, c); err != nil {
		b.Fatalf("Claim: %v", err)
	}
	if err := store.Complete(b.Context(), key, c.Token, o); err != nil {
		b.Fatalf("Complete: %v", err)
	}
	return meets(b, store, key, finished(c, o))
}

func benchmarkRunning(b *testing.B, store backend.Store) func(backend.Key) {
	b.Helper()
	key, c := newKey(), newClaim()
	if _, err := store.Claim(b.Context(), key, c); err != nil {
		b.Fatalf("Claim: %v", err)
	}
	return meets(b, store, key, running(c))
}

// meets returns a call that always claims the same key and requires that the claim
// returns the record.
func meets(b *testing.B, store backend.Store, key backend.Key, want backend.Record) func(backend.Key) {
	b.Helper()
	loser := newClaim()
	return func(backend.Key) {
		rec, err := store.Claim(b.Context(), key, loser)
		if err != nil || rec.State != want.State || len(rec.Outcome) != len(want.Outcome) {
			b.Errorf("Claim: %s, %v", describe(rec), err)
		}
	}
}
