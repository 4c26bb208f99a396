package backendtest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise01 = group{"Promise01AbsentWins", []test{
	{"Wins", absentWins},
	{"WinsWithReplaces", absentWinsWithReplaces},
	{"ValuesAreStored", valuesAreStored},
	{"KeysAreDistinct", keysAreDistinct},
	{"OneOfMany", oneOfManyWins},
	{"OneAtTheMomentOfExpiry", oneWinsAtExpiry},
}}

func absentWins(f *fixture) {
	key, c := newKey(), newClaim()
	before := time.Now()
	f.left(f.win(key, c), c.Lease, before)
	f.alive(key, c)
}

func absentWinsWithReplaces(f *fixture) {
	key, c := newKey(), takeover(newClaim())
	f.win(key, c)
	f.alive(key, c)
}

// valuesAreStored uses every byte value in tokens and fingerprints.
func valuesAreStored(f *fixture) {
	for first := 0; first < 256; first += 16 {
		key, c := newKey(), newClaim()
		for i := range c.Token {
			c.Token[i] = byte(first + i)
		}
		for i := range c.Fingerprint {
			c.Fingerprint[i] = byte(first + i)
		}
		c.Attempt = 1<<32 - 1 - uint32(first)
		f.win(key, c)
		f.alive(key, c)
	}
}

// keysAreDistinct claims keys that a store could confuse: keys that differ only at
// one end, and keys of bytes that have a meaning in its protocol.
func keysAreDistinct(f *fixture) {
	keys := []backend.Key{{}, {0: 1}, {31: 1}, {15: 1}, {16: 1}}
	for _, b := range []byte("{}*?\x00\r\n \xff") {
		var key backend.Key
		for i := range key {
			key[i] = b
		}
		if b != 0 {
			keys = append(keys, key)
		}
	}
	claims := make([]backend.Claim, len(keys))
	for i, key := range keys {
		claims[i] = newClaim()
		f.win(key, claims[i])
	}
	for i, key := range keys {
		f.alive(key, claims[i])
	}
}

func oneOfManyWins(f *fixture) {
	key := newKey()
	var winners sync.Map
	race(100, func(int) {
		c := newClaim()
		rec, err := f.store.Claim(f.Context(), key, c)
		if err != nil {
			f.Errorf("Claim: %v", err)
		}
		rec.LeaseLeft = 0
		winners.Store(describe(rec), true)
		if rec.Token == c.Token && !equal(rec, running(c)) {
			f.Errorf("won with %s, want %s", describe(rec), describe(running(c)))
		}
	})
	var n int
	winners.Range(func(_, _ any) bool { n++; return true })
	if n != 1 {
		f.Errorf("100 claims saw %d different winners, want 1", n)
	}
}

// oneWinsAtExpiry sends claims at the moment at which the record expires, for
// several keys at once.
func oneWinsAtExpiry(f *fixture) {
	var started atomic.Int32
	race(30, func(int) {
		key, c := newKey(), newClaim()
		c.Lease, c.Retention = 4*f.Tick, 0
		begin := time.Now()
		rec, err := f.store.Claim(f.Context(), key, c)
		if err != nil || rec.Token != c.Token {
			f.Errorf("Claim of an absent key: %s, %v", describe(rec), err)
			return
		}
		started.Add(1)
		f.contend(10, key, c.Token, begin.Add(c.Lease), newClaim)
	})
	if started.Load() != 30 {
		f.Errorf("%d of 30 claims won", started.Load())
	}
}
