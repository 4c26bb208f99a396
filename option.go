package idempotency

import (
	"context"
	"log/slog"
)

// Option configures an engine.
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

// WithNamespace separates the engine's records from those of other engines on the
// same store. The default is no namespace.
func WithNamespace(namespace string) Option {
	return func(c *config) { c.namespace = namespace }
}

// WithScope sets the function that returns the caller's scope: a tenant, account
// or user. Calls with different scopes never share a record, even with the same
// key. The function must use what authentication verified, never an unverified
// claim of the client. If it fails, the call is refused with [ErrScopeUnknown].
// The default, and the meaning of nil, is one scope for all callers.
func WithScope(scope func(context.Context) (string, error)) Option {
	return func(c *config) { c.scope = scope }
}

// WithPolicy sets the policy of one operation, "/pkg.Service/Method" or
// "METHOD /path", or of all operations whose names start with the text before a
// final "*": "/pkg.Service/*". The most specific policy applies: the one for this
// very operation, otherwise the one with the longest prefix. Policies are not
// merged, except that a zero field inherits from the policy for "*", and that from
// the defaults. A pattern may be given once.
func WithPolicy(operations string, policy Policy) Option {
	return func(c *config) {
		c.policies.list = append(c.policies.list, namedPolicy{operations, policy})
	}
}

// WithKeyRules sets where a key is sent and what it must satisfy. It may be given
// several times: a field that is set replaces the earlier one.
func WithKeyRules(rules KeyRules) Option {
	return func(c *config) { c.keys = rules.over(&c.keys) }
}

// WithReplayedField sets the name of the header or metadata field that marks a
// replay. The default is Idempotent-Replayed. Case does not matter.
func WithReplayedField(name string) Option {
	return func(c *config) { c.replayedField = name }
}

// WithLimits bounds what calls can make the engine hold and wait for. It may be
// given several times: a field that is set replaces the earlier one.
func WithLimits(limits Limits) Option {
	return func(c *config) { c.limits = limits.over(&c.limits) }
}

// WithReplayAuthorizer sets a function that is called before a recorded outcome is
// returned, since the caller may have lost the right to see it. It gets the
// execution that made the outcome, without its token. If it fails, the call is
// refused with [ErrReplayDenied]; its error is never sent to a client. The
// default, and the meaning of nil, is to return the outcome to every caller with
// the scope and the key.
func WithReplayAuthorizer(authorize func(context.Context, Execution) error) Option {
	return func(c *config) { c.authorize = authorize }
}

// WithFailOpen runs calls unprotected while the store fails. The default is to
// refuse them with [ErrStore]. Each such call is observed as [EventFailedOpen]. If
// the store applied its claim after all, the answer is recorded in the
// background. A call whose record cannot be read is still refused, since it may
// have run.
func WithFailOpen() Option {
	return func(c *config) { c.failOpen = true }
}

// WithObserver adds an observer, which gets the events of every call. It may be
// given several times; the default is none.
func WithObserver(observer Observer) Option {
	return func(c *config) { c.observers = append(c.observers, observer) }
}

// WithLogger logs what an operator should know: store errors, failed recordings,
// lost leases, takeovers, calls that ran unprotected. Keys appear only as
// digests. The default, and the meaning of nil, is no log.
func WithLogger(logger *slog.Logger) Option {
	if logger == nil {
		return func(*config) {}
	}
	return WithObserver(logObserver{logger})
}
