package nearcache

import (
	"errors"
	"fmt"
	"math"
)

// Defaults of the options.
const (
	DefaultMaxBytes      = 64 << 20
	DefaultMaxEntryBytes = 1 << 20
)

// Option configures a store made by [New].
type Option func(*config)

type config struct {
	maxBytes int64
	maxEntry int64 // zero if it is not set
}

// WithMaxBytes limits the memory that cached records use. An entry counts 512
// bytes, which covers the record and its share of the indexes, plus the capacity
// of its outcome. At the limit, the entries that are least likely to be used
// again are dropped. Entries that are just being added can exceed the limit for
// a moment.
//
// The default is 64 MiB. New refuses zero and less.
func WithMaxBytes(n int64) Option { return func(c *config) { c.maxBytes = n } }

// WithMaxEntryBytes limits the size of a single entry, so that one large outcome
// does not displace many small ones. A larger record is not cached: each of its
// replays claims at the store.
//
// The default, and the meaning of zero, is 1 MiB, or the limit of
// [WithMaxBytes] if that is less. New refuses a negative limit, one that is more
// than the limit of WithMaxBytes, and one of more than 4 GiB.
func WithMaxEntryBytes(n int64) Option { return func(c *config) { c.maxEntry = n } }

// newConfig applies and validates the options.
func newConfig(options []Option) (config, error) {
	c := config{maxBytes: DefaultMaxBytes}
	var problems []error
	for i, option := range options {
		if option == nil {
			problems = append(problems, fmt.Errorf("nearcache: option %d is nil", i+1))
			continue
		}
		option(&c)
	}
	if c.maxBytes <= 0 {
		problems = append(problems, fmt.Errorf("nearcache: maximum of %d bytes is not positive", c.maxBytes))
	}
	if c.maxEntry < 0 || c.maxEntry > math.MaxUint32 {
		problems = append(problems, fmt.Errorf("nearcache: maximum of %d bytes for an entry is out of range", c.maxEntry))
	}
	if c.maxBytes > 0 && c.maxEntry > c.maxBytes {
		problems = append(problems, fmt.Errorf("nearcache: maximum of %d bytes for an entry is more than the maximum of %d for all", c.maxEntry, c.maxBytes))
	}
	if c.maxEntry == 0 {
		c.maxEntry = min(DefaultMaxEntryBytes, c.maxBytes)
	}
	return c, errors.Join(problems...)
}
