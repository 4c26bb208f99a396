package backendtest

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// remaining tests what a backend.Remaining promises.
var remaining = group{"Remaining", []test{
	{"OfFinished", leftOfFinished},
	{"NeverTooLong", leftNeverTooLong},
	{"Forever", leftForever},
	{"NotFinishedUnderToken", leftOfOthers},
	{"AfterRetention", leftAfterRetention},
	{"ContextEnds", leftWithoutContext},
}}

func (f *fixture) retentionLeft(key backend.Key, token backend.Token) (time.Duration, error) {
	return f.store.(backend.Remaining).RetentionLeft(f.Context(), key, token)
}

func leftOfFinished(f *fixture) {
	for _, o := range []backend.Outcome{outcome("an outcome"), outcome(""), notKept()} {
		key, c := newKey(), newClaim()
		f.win(key, c)
		before := time.Now()
		f.ok(f.complete(key, c.Token, o))
		f.wait(1)
		left, err := f.retentionLeft(key, c.Token)
		f.ok(err)
		least, most := long-time.Since(before)-f.Resolution, long-f.Tick+f.Resolution
		if left < least || left > most {
			f.Errorf("%v left after %v, want %v to %v", left, time.Since(before), least, most)
		}
		f.holds(key, finished(c, o))
	}
}

// leftNeverTooLong reads the retention until the record is absent. No reply may have
// promised a later end.
func leftNeverTooLong(f *fixture) {
	key, c := newKey(), newClaim()
	f.finish(key, c, backend.Outcome{Retention: 4 * f.Tick})
	var latest time.Time // the latest end that a reply promised
	for {
		sent := time.Now()
		left, err := f.retentionLeft(key, c.Token)
		if errors.Is(err, backend.ErrClaimLost) {
			break
		}
		f.ok(err)
		if end := sent.Add(left); end.After(latest) {
			latest = end
		}
		time.Sleep(f.Tick / 8)
	}
	if gone := time.Now(); latest.After(gone.Add(f.Resolution)) {
		f.Errorf("the record was absent %v before the promised end", latest.Sub(gone))
	}
}

func leftForever(f *fixture) {
	key, c := newKey(), newClaim()
	f.finish(key, c, backend.Outcome{Retention: backend.Forever})
	left, err := f.retentionLeft(key, c.Token)
	f.ok(err)
	if left != backend.Forever {
		f.Errorf("%v left, want Forever", left)
	}
}

// leftOfOthers reads the retention where no record was finished under the token:
// of an absent key, a running record, a running record whose lease has expired, and
// a record that was finished under another token.
func leftOfOthers(f *fixture) {
	absent, running, expired, done := newKey(), newKey(), newKey(), newKey()
	c := newClaim()
	f.win(running, c)
	f.expire(expired, c)
	f.finish(done, newClaim(), outcome("of another claim"))
	for _, key := range []backend.Key{absent, running, expired, done} {
		_, err := f.retentionLeft(key, c.Token)
		f.claimLost(err)
	}
	f.alive(running, c)
	f.expired(expired, c)
}

func leftAfterRetention(f *fixture) {
	key, c := newKey(), newClaim()
	f.finish(key, c, backend.Outcome{Retention: f.Tick})
	f.wait(3)
	_, err := f.retentionLeft(key, c.Token)
	f.claimLost(err)
}

func leftWithoutContext(f *fixture) {
	key, c := newKey(), newClaim()
	f.finish(key, c, outcome("an outcome"))
	if _, err := f.store.(backend.Remaining).RetentionLeft(f.canceled(), key, c.Token); !errors.Is(err, context.Canceled) {
		f.Errorf("RetentionLeft: %v, want an error that wraps context.Canceled", err)
	}
}
