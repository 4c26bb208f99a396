package nearcache

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// TestEitherClock: an expiry passes by the clock that reaches it first.
func TestEitherClock(t *testing.T) {
	now := time.Now()
	before, after := now.Add(-time.Second), now.Add(time.Second)
	for _, c := range []struct {
		name            string
		monotonic, wall time.Time
		want            bool
	}{
		{"neither", after, after, false},
		{"both", before, before, true},
		{"the machine slept", after, before, true},
		{"the wall clock was set back", before, after, true},
	} {
		e := expiry{monotonic: c.monotonic, wall: c.wall.Round(0)}
		if got := e.passed(now); got != c.want {
			t.Errorf("%s: passed %t, want %t", c.name, got, c.want)
		}
	}
}

func TestNewExpiry(t *testing.T) {
	now := time.Now()
	for _, c := range []struct{ left, want time.Duration }{
		{time.Hour, time.Hour - 3600*time.Millisecond},
		{time.Second, 999 * time.Millisecond},
		{1, 1},
		{0, 0},
		{-time.Second, -999 * time.Millisecond},
	} {
		e := newExpiry(now, c.left)
		if got := e.monotonic.Sub(now); got != c.want {
			t.Errorf("%v left: expires after %v, want %v", c.left, got, c.want)
		}
		if c.want <= 0 && !e.passed(now) {
			t.Errorf("%v left: has not passed", c.left)
		}
	}
	if e := newExpiry(now, backend.Forever); e.passed(now.Add(backend.Forever)) || e.left() != backend.Forever {
		t.Error("Forever has passed")
	}
	if e := newExpiry(now, backend.Forever-1); e.passed(now) || e.left() <= 0 {
		t.Error("almost Forever has passed")
	}
}
