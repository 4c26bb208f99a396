package idempotency

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Forever as a retention replays an outcome for as long as the store lives.
const Forever = backend.Forever

// Defaults of the options below.
const (
	DefaultKeyField      = "Idempotency-Key"
	DefaultReplayedField = "Idempotent-Replayed"
	DefaultLease         = 30 * time.Second
	DefaultRetention     = 24 * time.Hour
	DefaultStoreTimeout  = 5 * time.Second
	DefaultRetryAfter    = time.Second
	DefaultBacklog       = 1024
	DefaultBacklogWindow = time.Minute
)

// Option changes how an engine works.
type Option func(*config)

type config struct {
	namespace     string
	keyField      string
	replayedField string
	keys          keyRules
	policies      policies
	scope         func(context.Context) (string, error)
	authorize     func(context.Context, Replay) error
	retryAfter    time.Duration
	storeTimeout  time.Duration
	failOpen      bool
	detached      bool
	detachedFor   time.Duration
	backlogSize   int
	backlogWindow time.Duration
	observers     []Observer
}

func defaults() config {
	return config{
		keyField:      DefaultKeyField,
		replayedField: DefaultReplayedField,
		keys:          keyRules{maxLength: DefaultMaxKeyLength},
		policies: policies{standard: Policy{
			Key: KeyOptional, Lease: DefaultLease, Retention: DefaultRetention, OnAbandoned: Retry,
		}},
		retryAfter:    DefaultRetryAfter,
		storeTimeout:  DefaultStoreTimeout,
		backlogSize:   DefaultBacklog,
		backlogWindow: DefaultBacklogWindow,
	}
}

// AbandonPolicy decides about a call whose predecessor was started and whose
// claim then lapsed: its process died, it panicked or ran into its deadline,
// or it lost its lease.
type AbandonPolicy uint8

const (
	_ AbandonPolicy = iota
	// Retry runs the call as the next attempt; the handler can see that in
	// [Execution.Recovered].
	Retry
	// Reject refuses the call with [ErrOutcomeUnknown], so that a handler is
	// started at most once per key.
	Reject
)

// WithNamespace keeps the engine's records apart from those of other engines
// on the same store. The default is no namespace.
func WithNamespace(namespace string) Option {
	return func(c *config) { c.namespace = namespace }
}

// WithKeyField names the header or metadata field that carries the key. The
// default is Idempotency-Key. Case does not matter.
func WithKeyField(name string) Option {
	return func(c *config) { c.keyField = name }
}

// WithReplayedField names the header or metadata field that marks a replay.
// The default is Idempotent-Replayed. Case does not matter.
func WithReplayedField(name string) Option {
	return func(c *config) { c.replayedField = name }
}

// WithMaxKeyLength bounds the characters of a key, quotes not counted. The
// default is 255.
func WithMaxKeyLength(characters int) Option {
	return func(c *config) { c.keys.maxLength = characters }
}

// WithUUIDKeys refuses every key that is not a textual UUID (RFC 9562, any
// version). The default is to take any visible ASCII.
func WithUUIDKeys() Option {
	return func(c *config) { c.keys.uuid = true }
}

// WithKeyRequired refuses calls without a key, with [ErrKeyMissing], wherever
// an adapter guards: not on streams, on methods without side effects, or on
// health checks and reflection. The default is to let them run unguarded.
func WithKeyRequired() Option {
	return func(c *config) { c.policies.standard.Key = KeyRequired }
}

// WithScope tells whose key it is: a tenant, account or user. Two callers with
// different scopes never meet, even with the same key. Take it from what
// authentication left in the context, never from what the client merely says.
// An error refuses the call with [ErrScopeUnknown]. The default is one scope
// for all.
func WithScope(scope func(context.Context) (string, error)) Option {
	return func(c *config) { c.scope = scope }
}

// WithLease sets how long a claim lives without a heartbeat, and so how long
// a key stays blocked after a crash. The default is 30 s. Handlers may run
// longer: the lease is extended while they do.
func WithLease(lease time.Duration) Option {
	return func(c *config) { c.policies.standard.Lease = lease }
}

// WithRetention sets how long an outcome is replayed. The default is 24 h;
// [Forever] keeps it without end. A claim that lapsed stays visible as long.
func WithRetention(retention time.Duration) Option {
	return func(c *config) { c.policies.standard.Retention = retention }
}

// WithOnAbandoned decides about a call whose predecessor never ended. The
// default is [Retry].
func WithOnAbandoned(policy AbandonPolicy) Option {
	return func(c *config) { c.policies.standard.OnAbandoned = policy }
}

// WithWait lets a call that finds another one running wait for its answer
// for at most this long, and no longer than its own deadline, before it is
// refused with [ErrInProgress]. The default, zero, refuses at once.
func WithWait(most time.Duration) Option {
	return func(c *config) { c.policies.standard.Wait = most }
}

// WithRetryAfter sets what a refused client is told to wait before it tries
// again. The default is 1 s.
func WithRetryAfter(wait time.Duration) Option {
	return func(c *config) { c.retryAfter = wait }
}

// WithStoreTimeout bounds each single step of the store. The default is 5 s.
func WithStoreTimeout(timeout time.Duration) Option {
	return func(c *config) { c.storeTimeout = timeout }
}

// WithReplayAuthorizer asks before a recorded outcome is handed out: the caller
// may have lost the right to see it since the first call. An error refuses the
// call with [ErrReplayDenied], and is never shown to a client. The default is
// to hand it out to whoever has the scope and the key.
func WithReplayAuthorizer(authorize func(context.Context, Replay) error) Option {
	return func(c *config) { c.authorize = authorize }
}

// WithFailOpen runs calls unprotected while the store fails, instead of
// refusing them with [ErrStore], which is the default. Each such call is
// observed as [EventFailedOpen]. A record that cannot be read is refused all
// the same, since its call has run.
func WithFailOpen() Option {
	return func(c *config) { c.failOpen = true }
}

// WithDetached lets a handler run on when its client hangs up or its client's
// deadline passes, for at most the given time; zero sets no bound. The default
// is to cancel the handler with its client.
func WithDetached(most time.Duration) Option {
	return func(c *config) { c.detached, c.detachedFor = true, most }
}

// WithBacklog bounds the recordings that are retried in the background after
// the store failed to take them: how many at once, and for how long each. The
// defaults are 1024 and 1 min; a size of zero retries none. Each holds its
// outcome in memory.
func WithBacklog(size int, window time.Duration) Option {
	return func(c *config) { c.backlogSize, c.backlogWindow = size, window }
}

// WithObserver has the observer told of what happens to every call. It may be
// given several times; the default is nobody.
func WithObserver(observer Observer) Option {
	return func(c *config) { c.observers = append(c.observers, observer) }
}

// WithLogger logs what an operator should know: store errors, recordings that
// fail, lost leases, takeovers, calls that ran unprotected. Keys appear only
// as digests. The default, and the meaning of nil, is no log.
func WithLogger(logger *slog.Logger) Option {
	if logger == nil {
		return func(*config) {}
	}
	return WithObserver(logObserver{logger})
}

func (c *config) validate() error {
	var problems []error
	check := func(fine bool, format string, arguments ...any) {
		if !fine {
			problems = append(problems, fmt.Errorf("idempotency: "+format, arguments...))
		}
	}
	check(fieldName(c.keyField), "key field %q is not a header name", c.keyField)
	check(fieldName(c.replayedField), "replayed field %q is not a header name", c.replayedField)
	check(!strings.EqualFold(c.keyField, c.replayedField), "key field and replayed field are both %q", c.keyField)
	check(!slices.Contains(c.observers, nil), "an observer is nil")
	check(c.keys.maxLength > 0, "maximum key length %d is not positive", c.keys.maxLength)
	check(!c.keys.uuid || c.keys.maxLength >= 36, "a maximum key length of %d leaves no room for a UUID", c.keys.maxLength)
	c.policies.validate(check)
	check(c.retryAfter > 0, "retry-after %v is not positive", c.retryAfter)
	check(c.storeTimeout > 0, "store timeout %v is not positive", c.storeTimeout)
	check(c.detachedFor >= 0, "detached time %v is negative", c.detachedFor)
	check(c.backlogSize >= 0 && c.backlogWindow >= 0, "backlog of %d for %v is negative", c.backlogSize, c.backlogWindow)
	return errors.Join(problems...)
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
