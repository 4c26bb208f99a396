package idempotencytest

import (
	"net/http"
	"reflect"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/fieldnames"
)

// Defaults of the options.
const (
	DefaultConcurrent = 8
	DefaultSequential = 3
	DefaultTimeout    = 30 * time.Second
)

// Option configures [AssertOnce] and [AssertHTTPOnce].
type Option func(*config)

type config struct {
	concurrent, sequential int
	timeout                time.Duration
	key                    string
	equal                  func(a, b any) bool
	retry                  func(error) bool
	// Of AssertHTTPOnce:
	keyField, replayedField string
	notCompared             map[string]bool // canonical names
}

func newConfig(options []Option) config {
	c := config{
		concurrent:    DefaultConcurrent,
		sequential:    DefaultSequential,
		timeout:       DefaultTimeout,
		equal:         reflect.DeepEqual,
		retry:         func(error) bool { return false },
		keyField:      idempotency.DefaultKeyField,
		replayedField: idempotency.DefaultReplayedField,
		notCompared:   map[string]bool{},
	}
	for _, names := range [][]string{fieldnames.NeverStored, fieldnames.RequestBound, fieldnames.Cookies} {
		c.doNotCompare(names)
	}
	for _, option := range options {
		if option != nil {
			option(&c)
		}
	}
	if c.key == "" {
		c.key = idempotency.NewKey()
	}
	c.doNotCompare([]string{c.replayedField})
	return c
}

func (c *config) doNotCompare(names []string) {
	for _, name := range names {
		c.notCompared[http.CanonicalHeaderKey(name)] = true
	}
}

// WithConcurrent sets the number of calls that are made at once, before the
// others. The default, and the meaning of zero and less, is [DefaultConcurrent].
// One call makes a test that does not look for races.
func WithConcurrent(n int) Option {
	return func(c *config) { c.concurrent = orDefault(n, DefaultConcurrent) }
}

// WithSequential sets the number of calls that are made one after another, after
// those that are made at once. The default, and the meaning of zero and less, is
// [DefaultSequential].
func WithSequential(n int) Option {
	return func(c *config) { c.sequential = orDefault(n, DefaultSequential) }
}

// WithTimeout bounds the whole assertion, and is the deadline of the calls'
// contexts. In a testing/synctest bubble it is the bubble's time. The default, and
// the meaning of zero and less, is [DefaultTimeout].
func WithTimeout(timeout time.Duration) Option {
	return func(c *config) { c.timeout = orDefault(timeout, DefaultTimeout) }
}

func orDefault[N int | time.Duration](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

// WithKey sets the key of the calls, for a service whose keys have a form of their
// own. The default, and the meaning of "", is a new key (idempotency.NewKey), or
// the one that the request of [AssertHTTPOnce] has.
func WithKey(key string) Option {
	return func(c *config) { c.key = key }
}

// WithEqual sets the function that compares two answers that are no errors; for
// protobuf messages WithEqual(proto.Equal). The answers must be of type T or
// implement it. The default, and the meaning of nil, is [reflect.DeepEqual], which
// is wrong for protobuf messages. [AssertHTTPOnce] does not use it.
func WithEqual[T any](equal func(a, b T) bool) Option {
	if equal == nil {
		return func(c *config) { c.equal = reflect.DeepEqual }
	}
	return func(c *config) {
		c.equal = func(a, b any) bool {
			first, isFirst := a.(T)
			second, isSecond := b.(T)
			return isFirst && isSecond && equal(first, second)
		}
	}
}

// WithRetry sets which other errors are answered by a retry with the same key, as
// the service's real clients do, such as that of a broken connection. The default,
// and the meaning of nil, is none. A call that gets one of this library's refusals
// that say so is always retried: another call is in progress, or the store failed.
func WithRetry(retry func(error) bool) Option {
	if retry == nil {
		retry = func(error) bool { return false }
	}
	return func(c *config) { c.retry = retry }
}

// WithKeyField sets the header field in which [AssertHTTPOnce] sends the key. The
// default, and the meaning of "", is Idempotency-Key.
func WithKeyField(name string) Option {
	return func(c *config) {
		if name == "" {
			name = idempotency.DefaultKeyField
		}
		c.keyField = name
	}
}

// WithReplayedField sets the header field by which [AssertHTTPOnce] recognises a
// replay. The default is Idempotent-Replayed. With "" it does not look for a mark,
// for a service that marks no replays.
func WithReplayedField(name string) Option {
	return func(c *config) { c.replayedField = name }
}

// WithUncomparedFields names header and trailer fields that may differ between the
// answers that [AssertHTTPOnce] compares. It may be given several times. Those
// that a replay does not have from the first answer by default always may: Date,
// fields of the connection, cookies, trace and request ids (see package httpmw).
func WithUncomparedFields(names ...string) Option {
	return func(c *config) { c.doNotCompare(names) }
}
