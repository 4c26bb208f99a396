package backendtest

import (
	"bytes"
	"math/rand/v2"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise07 = group{"Promise07Complete", []test{
	{"ByteForByte", outcomeByteForByte},
	{"NotKept", outcomeNotKept},
	{"ExpiredLease", completeExpired},
	{"AfterTakeover", completeAfterTakeover},
	{"RetentionRunsFromNow", completeRetention},
	{"OutlivesTheClaim", completeOutlivesClaim},
}}

func outcomeByteForByte(f *fixture) {
	for _, want := range [][]byte{
		nil,
		{},
		{0},
		everyByte(),
		bytes.Repeat([]byte{0}, 300),
		[]byte("\xff\xfe not UTF-8 \r\n$-1\r\n"),
		[]byte("null"),
		[]byte("1"),
		mebibyte(),
	} {
		key, c := newKey(), newClaim()
		o := backend.Outcome{Bytes: want, Retention: long}
		f.finish(key, c, o)
		f.holds(key, finished(c, o))
	}
}

func everyByte() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

// mebibyte returns 1 MiB of reproducible noise with many NUL bytes.
func mebibyte() []byte {
	noise := make([]byte, 1<<20)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		if i%5 != 0 {
			noise[i] = byte(rng.Uint32())
		}
	}
	return noise
}

// outcomeNotKept checks that an outcome that is not kept differs from an empty one.
func outcomeNotKept(f *fixture) {
	a, b, c := newKey(), newKey(), newClaim()
	f.finish(a, c, notKept())
	f.finish(b, c, outcome(""))
	f.holds(a, finished(c, notKept()))
	f.holds(b, finished(c, outcome("")))
}

func completeExpired(f *fixture) {
	key, c, o := newKey(), newClaim(), outcome("after the lease")
	f.expire(key, c)
	f.ok(f.complete(key, c.Token, o))
	f.holds(key, finished(c, o))
}

func completeAfterTakeover(f *fixture) {
	key, first, o := newKey(), newClaim(), outcome("of the successor")
	f.expire(key, first)
	c := takeover(first)
	f.finish(key, c, o)
	f.holds(key, finished(c, o))
}

func completeRetention(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	before := time.Now()
	f.ok(f.complete(key, c.Token, backend.Outcome{Retention: 3 * f.Tick}))
	f.untilAbsent(key)
	f.lasted(3*f.Tick, before)
}

// completeOutlivesClaim checks that the record outlives the expiry that Claim set.
func completeOutlivesClaim(f *fixture) {
	var key backend.Key
	c, o := newClaim(), outcome("an outcome")
	f.within(func(window time.Duration) error {
		key = newKey()
		c.Lease, c.Retention = window, 0
		f.win(key, c)
		return f.complete(key, c.Token, o)
	})
	f.holds(key, finished(c, o))
}
