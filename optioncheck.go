package idempotency

import (
	"time"
)

// The shortest times that an engine takes. A shorter one is a number without a
// unit, or protects nothing.
const (
	minLease     = 100 * time.Millisecond
	minRetention = time.Second
	minDuration  = time.Millisecond // of all others
)

// check notes a problem with an option unless it is fine.
type check func(fine bool, format string, arguments ...any)

// duration refuses what is shorter than the least. Most such values lack a unit.
func (c check) duration(name string, value, least time.Duration) {
	c(value >= least, "%s %v is shorter than %v; durations have a unit, such as 30*time.Second", name, value, least)
}

// optional is duration for what may be zero.
func (c check) optional(name string, value time.Duration) {
	if value != 0 {
		c.duration(name, value, minDuration)
	}
}

// fieldName accepts what is a header name and a gRPC metadata key alike.
func fieldName(name string) bool {
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		if !letter && !digit && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return name != ""
}
