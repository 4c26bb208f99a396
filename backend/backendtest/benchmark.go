package backendtest

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Benchmark measures what a call costs its store: an absent key claimed, a
// first call from claim to completion, a replay, and a duplicate that meets a
// running claim; each by one goroutine, and by GOMAXPROCS of them. Records
// live for a second, so that the cost of freeing them is part of the figures.
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

// oneByOne makes the call with a new key each time.
func oneByOne(b *testing.B, call func(backend.Key)) {
	b.Helper()
	b.ReportAllocs()
	var n uint64
	for b.Loop() {
		n++
		call(numbered(n))
	}
}

// inParallel does so from several goroutines.
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

// numbered returns a key that is spread like a digest, and costs next to
// nothing to make.
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

// meets returns a call that claims one key, whatever key it is given, and
// finds what stands there.
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
