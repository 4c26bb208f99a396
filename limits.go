package idempotency

import (
	"cmp"
	"time"
)

// Limits bound what calls can make an engine hold and wait for. A zero field
// stands for its default.
type Limits struct {
	// StoreTimeout bounds each single step of the store. The default is 5 s, the
	// minimum 1 ms.
	StoreTimeout time.Duration
	// Waiters bounds the calls that wait for another one at the same time (see
	// [Policy.Wait]), since each of them holds its request, and WaitersPerKey
	// those that wait for one key. A call beyond either is refused with
	// [ErrInProgress] at once. The defaults are 1000 and 100.
	Waiters, WaitersPerKey int
	// Retries bounds how many finishes of claims are retried in the background at
	// the same time after the store failed, and RetryWindow for how long each is
	// retried. The defaults are 1024 and 1 min; a negative number retries none.
	// Each holds its outcome in memory, and nothing else of its call. A quarter
	// of the number is for unconfirmed claims, whose reply never arrived: they
	// may still reach the store, so their release is repeated for the whole
	// window.
	Retries     int
	RetryWindow time.Duration
}

// over returns the limits with their zero fields taken from others.
func (l *Limits) over(base *Limits) Limits {
	return Limits{
		StoreTimeout:  cmp.Or(l.StoreTimeout, base.StoreTimeout),
		Waiters:       cmp.Or(l.Waiters, base.Waiters),
		WaitersPerKey: cmp.Or(l.WaitersPerKey, base.WaitersPerKey),
		Retries:       cmp.Or(l.Retries, base.Retries),
		RetryWindow:   cmp.Or(l.RetryWindow, base.RetryWindow),
	}
}

func (l *Limits) validate(check check) {
	check.duration("store timeout", l.StoreTimeout, minDuration)
	check.duration("retry window", l.RetryWindow, minDuration)
	check(l.WaitersPerKey > 0 && l.Waiters > 0,
		"at most %d waiters of a key and %d in all: neither may be less than 1", l.WaitersPerKey, l.Waiters)
}
