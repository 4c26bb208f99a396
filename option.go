package idempotency

import (
	"context"
	"log/slog"
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
	DefaultWaitersPerKey = 100
	DefaultWaiters       = 1000
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
	waitersPerKey int
	waitersTotal  int
	observers     observers
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
		waitersPerKey: DefaultWaitersPerKey,
		waitersTotal:  DefaultWaiters,
	}
}

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
// version): with hyphens or without, in braces, as urn:uuid:, in any case, all
// of which are the same key. The default is to take any visible ASCII.
func WithUUIDKeys() Option {
	return func(c *config) { c.keys.uuid = true }
}

// WithKeyValidator refuses every key for which the function returns an error,
// with [ErrKeyInvalid]. The error is wrapped, and is never shown to a client.
// The function sees the key as the client wrote it, without quotes: after the
// checks of length and characters and before those of [WithUUIDKeys]. It must be
// safe for concurrent use. The default, and the meaning of nil, is none.
func WithKeyValidator(validate func(key string) error) Option {
	return func(c *config) { c.keys.validate = validate }
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
// An error refuses the call with [ErrScopeUnknown]. The default, and the
// meaning of nil, is one scope for all.
func WithScope(scope func(context.Context) (string, error)) Option {
	return func(c *config) { c.scope = scope }
}

// WithLease sets how long a claim lives without a heartbeat, and so how long
// a key stays blocked after a crash. The default is 30 s, the least is 100 ms.
// Handlers may run longer: the lease is extended while they do.
func WithLease(lease time.Duration) Option {
	return func(c *config) { c.policies.standard.Lease = lease }
}

// WithRetention sets how long an outcome is replayed. The default is 24 h, the
// least is 1 s; [Forever] keeps it without end. An expired claim stays visible
// as long.
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
// refused with [ErrInProgress]. The default, zero, refuses at once. See
// [WithMaxWaiters].
func WithWait(maxWait time.Duration) Option {
	return func(c *config) { c.policies.standard.Wait = maxWait }
}

// WithMaxWaiters bounds the calls that wait at the same time, since each of them
// holds its request: those for one key, and all of the engine. One more is
// refused with [ErrInProgress] at once. The defaults are 100 and 1000.
func WithMaxWaiters(perKey, total int) Option {
	return func(c *config) { c.waitersPerKey, c.waitersTotal = perKey, total }
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

// WithPolicy sets a policy for one operation, "/pkg.Service/Method" or
// "METHOD /path", or for all that begin with what stands before a final "*":
// "/pkg.Service/*". The most specific policy applies; policies are not merged:
// one for the very operation, or else the one with the longest beginning. The
// default is to treat all alike.
func WithPolicy(operations string, policy Policy) Option {
	return func(c *config) {
		c.policies.list = append(c.policies.list, namedPolicy{operations, policy})
	}
}

// WithReplayAuthorizer asks before a recorded outcome is handed out: the caller
// may have lost the right to see it since the first call. An error refuses the
// call with [ErrReplayDenied], and is never shown to a client. The default, and
// the meaning of nil, is to hand it out to whoever has the scope and the key.
func WithReplayAuthorizer(authorize func(context.Context, Replay) error) Option {
	return func(c *config) { c.authorize = authorize }
}

// WithFailOpen runs calls unprotected while the store fails, instead of
// refusing them with [ErrStore], which is the default. Each such call is
// observed as [EventFailedOpen]. If its claim reached the store after all, its
// answer is recorded in the background. A call whose record cannot be read is
// still refused, since it may have run.
func WithFailOpen() Option {
	return func(c *config) { c.failOpen = true }
}

// WithDetached lets a handler run on when its client hangs up or its client's
// deadline passes, for at most the given time; zero sets no bound. The default
// is to cancel the handler with its client.
func WithDetached(maxTime time.Duration) Option {
	return func(c *config) { c.detached, c.detachedFor = true, maxTime }
}

// WithBacklog bounds what is retried in the background after the store failed:
// how many recordings at once, and for how long each. The defaults are 1024 and
// 1 min; a size of zero retries none. Each holds its outcome in memory, and
// nothing else of its call. A quarter of the size is for claims whose reply
// never came: they may still arrive at the store, so their release is repeated
// for the whole time.
func WithBacklog(size int, window time.Duration) Option {
	return func(c *config) { c.backlogSize, c.backlogWindow = size, window }
}

// WithObserver tells the observer what happens to every call. It may be given
// several times; the default is none.
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
