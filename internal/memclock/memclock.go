// Package memclock lets package idempotencytest move the clock of a memstore. It
// is internal: a program that is no test has no reason to do so.
package memclock

import (
	"math"
	"sync/atomic"
	"time"
)

// Config is what the options of a memstore set.
type Config struct {
	MaxRecords int
	MaxBytes   int64
	// Ahead moves the clock of one store; nil for a clock that nothing moves.
	Ahead *Ahead
}

// maxAhead bounds how far a clock is moved, so that no point in time overflows.
const maxAhead = time.Duration(math.MaxInt64 / 2)

// Ahead is how far the clock of a store is ahead of the process's monotonic
// clock. It is safe for concurrent use.
type Ahead struct {
	d     atomic.Int64
	moved atomic.Pointer[func()]
}

// Duration returns how far the clock is ahead. It never decreases.
func (a *Ahead) Duration() time.Duration { return time.Duration(a.d.Load()) }

// OnMove sets the function that is called after each move. The store sets it.
func (a *Ahead) OnMove(moved func()) { a.moved.Store(&moved) }

// Move moves the clock on by d, up to 146 years in total, and returns when the
// store has followed. A d that is not positive changes nothing.
func (a *Ahead) Move(d time.Duration) {
	if d <= 0 {
		return
	}
	for {
		ahead := a.d.Load()
		if a.d.CompareAndSwap(ahead, ahead+min(int64(d), int64(maxAhead)-ahead)) {
			break
		}
	}
	if moved := a.moved.Load(); moved != nil {
		(*moved)()
	}
}
