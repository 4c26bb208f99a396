package nearcache

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/oncewire/idempotency/backend"
)

// Defaults of the options below.
const (
	DefaultMaxBytes      = 64 << 20
	DefaultMaxEntryBytes = 1 << 20
)

// entryBytes is what an entry counts without its outcome.
const entryBytes = 512

// Option changes how a store made by [New] behaves.
type Option func(*config)

type config struct {
	maxBytes int64
	maxEntry int64 // zero while it is not set
}

// WithMaxBytes limits how much memory is kept. An entry counts 512 bytes,
// which covers the record itself and its share of the indexes, and the room of
// its outcome. When the limit is reached, entries that are the least likely to
// be asked for make room; the limit may be exceeded for a moment by what is
// being kept just then.
//
// The default is 64 MiB. Zero and less is refused by New.
func WithMaxBytes(n int64) Option { return func(c *config) { c.maxBytes = n } }

// WithMaxEntryBytes limits what a single entry may count, so that a large
// outcome does not drive out many small ones. A larger one is not kept, and
// each replay of it asks the store.
//
// The default, and the meaning of zero, is 1 MiB, or the limit of
// [WithMaxBytes] if that is less. New refuses less than zero, more than that
// limit, and more than 4 GiB.
func WithMaxEntryBytes(n int64) Option { return func(c *config) { c.maxEntry = n } }

// configure applies the options and validates what they came to.
func configure(options []Option) (config, error) {
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
		problems = append(problems, fmt.Errorf("nearcache: maximum of %d bytes for an entry is more than the %d for all", c.maxEntry, c.maxBytes))
	}
	if c.maxEntry == 0 {
		c.maxEntry = min(DefaultMaxEntryBytes, c.maxBytes)
	}
	return c, errors.Join(problems...)
}

// otter returns the options of the cache library. Its clock only frees what
// nobody asks for any more: each read checks the entry's own expiry.
func (c config) otter() *otter.Options[backend.Key, *entry] {
	return &otter.Options[backend.Key, *entry]{
		MaximumWeight: uint64(c.maxBytes),
		// No entry is larger than maxEntry, which fits.
		Weigher: func(_ backend.Key, e *entry) uint32 { return uint32(e.size()) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[backend.Key, *entry]) time.Duration {
			return e.Value.expires.left()
		}),
		// Its upkeep is short. Callers do it, so that Close has nothing to
		// wait for but the goroutine that frees what has expired.
		Executor: func(work func()) { work() },
	}
}
