package idempotency

import (
	"fmt"
	"time"
)

// Minimum durations. A shorter one is usually a number without its unit.
const (
	minLease     = 100 * time.Millisecond
	minRetention = time.Second
	minDuration  = time.Millisecond // of all others
)

// check collects a problem of an option unless the option is valid.
type check func(valid bool, format string, arguments ...any)

// collect returns a check that appends to the problems.
func collect(problems *[]error) check {
	return func(valid bool, format string, arguments ...any) {
		if !valid {
			*problems = append(*problems, fmt.Errorf("idempotency: "+format, arguments...))
		}
	}
}

// duration checks a minimum.
func (c check) duration(name string, value, minimum time.Duration) {
	c(value >= minimum, "%s %v is shorter than %v; durations have a unit, such as 30*time.Second", name, value, minimum)
}

// optional is duration for values that may be zero.
func (c check) optional(name string, value time.Duration) {
	if value != 0 {
		c.duration(name, value, minDuration)
	}
}
