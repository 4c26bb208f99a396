package pgstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Option changes how a store made by [New] behaves, or which table [Migrate]
// creates.
type Option func(*config)

type config struct {
	names

	timeout      time.Duration
	connect      func(context.Context) (*pgx.Conn, error)
	pollInterval time.Duration
	cleanupEvery time.Duration
	cleanupBatch int
	isolation    pgx.TxIsoLevel
	logger       *slog.Logger
}

func newConfig(options []Option) (config, error) {
	c := config{
		names:        names{table: DefaultTable},
		pollInterval: 100 * time.Millisecond,
		cleanupEvery: 10 * time.Second,
		cleanupBatch: 500,
		logger:       slog.New(slog.DiscardHandler),
	}
	for _, option := range options {
		option(&c)
	}
	return c, errors.Join(c.names.validate(), c.validate())
}

// WithSchema sets the schema of the table. The default, and the meaning of an
// empty name, is the one that the search_path of the connection leads to.
func WithSchema(name string) Option {
	return func(c *config) { c.schema = name }
}

// WithTable sets the name of the table, of 63 bytes at most. The default is
// [DefaultTable]. Services that share a database need tables of their own, or
// namespaces of their own.
func WithTable(name string) Option {
	return func(c *config) { c.table = name }
}

// WithTimeout bounds every step, including the time that it waits for a
// connection of the pool. A context that ends sooner ends the step sooner. The
// default, and the meaning of zero, is to leave it to the context, as the engine
// bounds every step already; what the store does in the background then has 5 s.
// A negative timeout is an error.
func WithTimeout(timeout time.Duration) Option {
	return func(c *config) { c.timeout = timeout }
}

// WithListener has callers that wait for a claim learn of its end by LISTEN. The
// function opens a connection for the store alone, which the store closes. It
// must lead to the server itself, not through a pooler in transaction mode, where
// a subscription has no effect. The store opens it when a caller waits for the
// first time, and again when it has broken. The default, and the meaning of nil,
// is to poll.
func WithListener(connect func(ctx context.Context) (*pgx.Conn, error)) Option {
	return func(c *config) { c.connect = connect }
}

// WithPollInterval sets how often the store looks at the claims that callers wait
// for, all of them in one statement. The default is 100 ms. While notifications
// arrive it looks 20 times less often, in case one was lost. An interval of zero
// or less is an error.
func WithPollInterval(interval time.Duration) Option {
	return func(c *config) { c.pollInterval = interval }
}

// WithCleanup sets how often a store deletes records whose retention has ended, and
// how many one statement deletes at most. The default is every 10 s, 500 records
// at a time; a store that finds more goes on at once. Many processes may do it at
// the same time. An interval of zero leaves the clean-up to other processes. A
// negative interval is an error, and so is a batch of zero or less.
func WithCleanup(interval time.Duration, batch int) Option {
	return func(c *config) { c.cleanupEvery, c.cleanupBatch = interval, batch }
}

// WithIsolation sets the isolation level of the transactions that handlers run in. The
// default is that of the database. With RepeatableRead or Serializable a handler must
// expect serialization failures: the call is then rolled back, and its client told to
// retry.
func WithIsolation(level pgx.TxIsoLevel) Option {
	return func(c *config) { c.isolation = level }
}

var isolations = []pgx.TxIsoLevel{"", pgx.ReadUncommitted, pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable}

// WithLogger has failures in the background logged as warnings: of the clean-up
// and of the connection that listens. The default, and the meaning of nil, is not
// to log.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) {
		if c.logger = logger; logger == nil {
			c.logger = slog.New(slog.DiscardHandler)
		}
	}
}

// backgroundTimeout bounds a step that no caller waits for.
func (c *config) backgroundTimeout() time.Duration {
	if c.timeout > 0 {
		return c.timeout
	}
	return 5 * time.Second
}

func (c *config) validate() error {
	var problems []error
	check := func(fine bool, format string, arguments ...any) {
		if !fine {
			problems = append(problems, fmt.Errorf("pgstore: "+format, arguments...))
		}
	}
	check(c.timeout >= 0, "timeout %v is negative", c.timeout)
	check(c.pollInterval > 0, "poll interval %v is not positive", c.pollInterval)
	check(c.cleanupEvery >= 0, "clean-up interval %v is negative", c.cleanupEvery)
	check(slices.Contains(isolations, c.isolation), "unknown isolation level %q", c.isolation)
	check(c.cleanupBatch > 0, "clean-up batch %d is not positive", c.cleanupBatch)
	return errors.Join(problems...)
}
