package httpmw

import (
	"cmp"
	"net/http"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/retry"
)

// Defaults of the options of [NewTransport].
const (
	DefaultMaxAttempts    = retry.DefaultMaxAttempts
	DefaultInitialBackoff = retry.DefaultInitialBackoff
	DefaultMaxBackoff     = retry.DefaultMaxBackoff
	DefaultMaxPause       = retry.DefaultMaxPause
	DefaultRetryTokens    = retry.DefaultBudget
	DefaultRetryRefill    = retry.DefaultRefill
)

// ClientOption changes how the transport of [NewTransport] works.
type ClientOption func(*clientConfig)

type clientConfig struct {
	keyField string
	methods  []string
	retries  retry.Policy
}

func clientDefaults() clientConfig {
	return clientConfig{
		keyField: idempotency.DefaultKeyField,
		methods:  []string{http.MethodPost, http.MethodPatch},
		retries:  retry.Default(),
	}
}

// WithClientKeyField names the header field that carries the key: that of the
// server's [idempotency.KeyRules]. Case does not matter. The default, and the
// meaning of the empty string, is Idempotency-Key.
func WithClientKeyField(name string) ClientOption {
	return func(c *clientConfig) { c.keyField = cmp.Or(name, idempotency.DefaultKeyField) }
}

// WithClientMethods names the methods whose requests get a key, in any case. They
// should be those that the server guards ([WithMethods]), since requests with a key
// are sent again. The default, and the meaning of no method at all, is POST and
// PATCH. A request that has a key of its own keeps it, whatever its method.
func WithClientMethods(methods ...string) ClientOption {
	return func(c *clientConfig) {
		if len(methods) > 0 {
			c.methods = methods
		}
	}
}

// WithMaxAttempts bounds how often one request is sent, the first time and hedging
// included. 1 switches retries and hedging off. The default, and the meaning of
// zero, is 4. While the server says that the request is in progress, the deadline
// of the context is the bound instead, if there is one.
func WithMaxAttempts(n int) ClientOption {
	return func(c *clientConfig) { c.retries.MaxAttempts = cmp.Or(n, DefaultMaxAttempts) }
}

// WithBackoff sets the pause before the first retry, and the longest one. It
// doubles with every retry, and is spread at random between half and one and a half
// times of it, so that clients do not return all at once. The defaults, and the
// meaning of zero, are 100 ms and 5 s. Both are at least 1 ms.
func WithBackoff(initial, longest time.Duration) ClientOption {
	return func(c *clientConfig) {
		c.retries.InitialBackoff = cmp.Or(initial, DefaultInitialBackoff)
		c.retries.MaxBackoff = cmp.Or(longest, DefaultMaxBackoff)
	}
}

// WithMaxPause sets the longest pause that a server can ask for with Retry-After.
// If it asks for a longer one, the request is not sent again, and the caller gets
// the answer. The default, and the meaning of zero, is 1 min.
func WithMaxPause(pause time.Duration) ClientOption {
	return func(c *clientConfig) { c.retries.MaxPause = cmp.Or(pause, DefaultMaxPause) }
}

// WithRetryBudget bounds the retries of all requests of a transport together, so
// that they do not multiply the load in an outage. Every retry takes one token.
// Every request that needs no further retry returns refill tokens, up to the number
// of tokens that there were at first. Without a token, nothing is sent again or
// hedged, except for requests that the server says are in progress. So in the long
// run there are about refill retries for each successful request. The defaults, and
// the meaning of zero, are 50 tokens and 0.1. There is at least 1 token.
func WithRetryBudget(tokens, refill float64) ClientOption {
	return func(c *clientConfig) {
		c.retries.Budget = cmp.Or(tokens, DefaultRetryTokens)
		c.retries.Refill = cmp.Or(refill, DefaultRetryRefill)
	}
}

// WithHedging sends a request a second time when it has no answer after a while,
// and returns the first answer that settles it; the other try is cancelled. It
// applies to the requests that are sent again after a failure, and not to those
// that offer an upgrade. Set it to what nearly all requests take, such as the 95th
// percentile: the rest of them are sent twice. It must be at least 1 ms. The
// default, and the meaning of zero, is not to.
//
// It helps against a slow server, queue or connection, if the second try can take
// another way: over HTTP/2 both tries share a connection. It does not make a slow
// handler faster. A second try that finds the first one in progress waits for it.
// The server must guard requests that have a key; otherwise both tries have effect.
//
// With hedging, each try gets its body from GetBody, and its context lives until
// the body of the answer is closed.
func WithHedging(after time.Duration) ClientOption {
	return func(c *clientConfig) { c.retries.HedgeAfter = after }
}
