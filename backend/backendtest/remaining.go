package backendtest

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// remaining is what a store promises that is backend.Remaining.
var remaining = group{"Remaining", []test{
	{"OfFinished", leftOfFinished},
	{"NeverTooMuch", leftNeverTooMuch},
	{"Forever", leftForever},
	{"OfOthers", leftOfOthers},
	{"AfterRetention", leftAfterRetention},
	{"ContextEnds", leftWithoutContext},
}}

func (f *fixture) remains(key backend.Key, token backend.Token) (time.Duration, error) {
	return f.store.(backend.Remaining).RetentionLeft(f.Context(), key, token)
}

func leftOfFinished(f *fixture) {
	for _, o := range []backend.Outcome{kept("an outcome"), kept(""), notKept()} {
		key, c := newKey(), newClaim()
		f.win(key, c)
		before := time.Now()
		f.ok(f.complete(key, c.Token, o))
		f.wait(1)
		left, err := f.remains(key, c.Token)
		f.ok(err)
		least, most := long-time.Since(before)-f.Resolution, long-f.Tick+f.Resolution
		if left < least || left > most {
			f.Errorf("%v left after %v, want %v to %v", left, time.Since(before), least, most)
		}
		f.stands(key, finished(c, o))
	}
}

// leftNeverTooMuch asks until the record is gone, and requires that the record is gone by the
// time that it was told to have left.
func leftNeverTooMuch(f *fixture) {
	key, c := newKey(), newClaim()
	f.finish(key, c, backend.Outcome{Retention: 4 * f.Tick})
	var latest time.Time // no end that was told may lie after the true one
	for {
		asked := time.Now()
		left, err := f.remains(key, c.Token)
		if errors.Is(err, backend.ErrClaimLost) {
			break
		}
		f.ok(err)
		if end := asked.Add(left); end.After(latest) {
			latest = end
		}
		time.Sleep(f.Tick / 8)
	}
	if gone := time.Now(); latest.After(gone.Add(f.Resolution)) {
		f.Errorf("the record expired %v before the time that it was told to", latest.Sub(gone))
	}
}

func leftForever(f *fixture) {
	key, c := newKey(), newClaim()
	f.finish(key, c, backend.Outcome{Retention: backend.Forever})
	left, err := f.remains(key, c.Token)
	f.ok(err)
	if left != backend.Forever {
		f.Errorf("%v left, want Forever", left)
	}
}

// leftOfOthers asks for what is not there: nothing, a running record, a lapsed
// one, and the record of another token.
func leftOfOthers(f *fixture) {
	absent, running, lapsed, done := newKey(), newKey(), newKey(), newKey()
	c := newClaim()
	f.win(running, c)
	f.lapse(lapsed, c)
	f.finish(done, newClaim(), kept("another's"))
	for _, key := range []backend.Key{absent, running, lapsed, done} {
		_, err := f.remains(key, c.Token)
		f.lost(err)
	}
	f.alive(running, c)
	f.lapsed(lapsed, c)
}

func leftAfterRetention(f *fixture) {
	key, c := newKey(), newClaim()
	f.finish(key, c, backend.Outcome{Retention: f.Tick})
	f.wait(3)
	_, err := f.remains(key, c.Token)
	f.lost(err)
}

func leftWithoutContext(f *fixture) {
	key, c := newKey(), newClaim()
	f.finish(key, c, kept("an outcome"))
	if _, err := f.store.(backend.Remaining).RetentionLeft(f.canceled(), key, c.Token); !errors.Is(err, context.Canceled) {
		f.Errorf("Left: %v, want an error that wraps context.Canceled", err)
	}
}
