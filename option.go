package idempotency

import (
	"context"
	"log/slog"
	"time"
)

// Defaults of the options below.
const (
	DefaultKeyField      = "Idempotency-Key"
	DefaultReplayedField = "Idempotent-Replayed"
	DefaultLease         = 30 * time.Second
	DefaultRetention     = 24 * time.Hour
	DefaultStoreTimeout  = 5 * time.Second
	DefaultRetryAfter    = time.Second
	DefaultRetries       = 1024
	DefaultRetryWindow   = time.Minute
	DefaultWaitersPerKey = 100
	DefaultWaiters       = 1000
	DefaultMaxKeyLength  = 255
)

// Option changes how an engine works.
type Option func(*config)

type config struct {
	namespace     string
	replayedField string
	keys          KeyRules
	policies      policies
	scope         func(context.Context) (string, error)
	authorize     func(context.Context, Execution) error
	failOpen      bool
	limits        Limits
	observers     observers
}

func defaults() config {
	return config{
		keys:          KeyRules{Field: DefaultKeyField, MaxLength: DefaultMaxKeyLength},
		replayedField: DefaultReplayedField,
		policies: policies{base: Policy{
			Key: KeyOptional, Lease: DefaultLease, Retention: DefaultRetention, OnAbandoned: Retry, RetryAfter: DefaultRetryAfter,
		}},
		limits: Limits{
			StoreTimeout:  DefaultStoreTimeout,
			Retries:       DefaultRetries,
			RetryWindow:   DefaultRetryWindow,
			WaitersPerKey: DefaultWaitersPerKey,
			Waiters:       DefaultWaiters,
		},
	}
}

// WithNamespace keeps the engine's records apart from those of other engines
// on the same store. The default is no namespace.
func WithNamespace(namespace string) Option {
	return func(c *config) { c.namespace = namespace }
}

// WithKeyRules sets where a key is sent and what it has to satisfy. It may be
// given several times: a field that is set replaces the earlier one.
func WithKeyRules(rules KeyRules) Option {
	return func(c *config) { c.keys = rules.over(&c.keys) }
}

// WithLimits bounds what calls can make the engine hold and wait for. It may be
// given several times: a field that is set replaces the earlier one.
func WithLimits(limits Limits) Option {
	return func(c *config) { c.limits = limits.over(c.limits) }
}

// WithReplayedField names the header or metadata field that marks a replay.
// The default is Idempotent-Replayed. Case does not matter.
func WithReplayedField(name string) Option {
	return func(c *config) { c.replayedField = name }
}

// WithScope tells whose key it is: a tenant, account or user. Two callers with
// different scopes never meet, even with the same key. Take it from what
// authentication left in the context, never from what the client merely says.
// An error refuses the call with [ErrScopeUnknown]. The default, and the
// meaning of nil, is one scope for all.
func WithScope(scope func(context.Context) (string, error)) Option {
	return func(c *config) { c.scope = scope }
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
func WithReplayAuthorizer(authorize func(context.Context, Execution) error) Option {
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
