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
	{"LapsedLease", completeLapsed},
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
		f.stands(key, finished(c, o))
	}
}

func everyByte() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

// mebibyte returns 1 MiB of noise, always the same, among it many NULs.
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

// outcomeNotKept checks that nothing to replay and an empty outcome are two.
func outcomeNotKept(f *fixture) {
	a, b, c := newKey(), newKey(), newClaim()
	f.finish(a, c, notKept())
	f.finish(b, c, kept(""))
	f.stands(a, finished(c, notKept()))
	f.stands(b, finished(c, kept("")))
}

func completeLapsed(f *fixture) {
	key, c, o := newKey(), newClaim(), kept("late, but nobody minded")
	f.lapse(key, c)
	f.ok(f.complete(key, c.Token, o))
	f.stands(key, finished(c, o))
}

func completeAfterTakeover(f *fixture) {
	key, first, o := newKey(), newClaim(), kept("the successor's")
	f.lapse(key, first)
	c := takeover(first)
	f.finish(key, c, o)
	f.stands(key, finished(c, o))
}

func completeRetention(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	before := time.Now()
	f.ok(f.complete(key, c.Token, backend.Outcome{Retention: 3 * f.Tick}))
	f.untilAbsent(key)
	f.lasted(3*f.Tick, before)
}

// completeOutlivesClaim has the record survive the end its claim had set.
func completeOutlivesClaim(f *fixture) {
	var key backend.Key
	c, o := newClaim(), kept("an outcome")
	f.within(func(window time.Duration) error {
		key = newKey()
		c.Lease, c.Retention = window, 0
		f.win(key, c)
		return f.complete(key, c.Token, o)
	})
	f.stands(key, finished(c, o))
}
