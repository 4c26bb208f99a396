package idemconnect2

import (
	"cmp"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/retry"
)

// Defaults of the options of [NewClientInterceptor].
const (
	DefaultMaxAttempts    = retry.DefaultMaxAttempts
	DefaultInitialBackoff = retry.DefaultInitialBackoff
	DefaultMaxBackoff     = retry.DefaultMaxBackoff
	DefaultMaxPause       = retry.DefaultMaxPause
	DefaultRetryTokens    = retry.DefaultBudget
	DefaultRetryRefill    = retry.DefaultRefill
)

// ClientOption changes how the interceptor of [NewClientInterceptor] works.
type ClientOption func(*rpc.ClientConfig)

// WithClientKeyField names the header that carries the key: that of the
// server's [idempotency.KeyRules]. Case does not matter. A name that begins with
// grpc- or ends with -bin is an error. The default, and the meaning of the empty
// string, is Idempotency-Key.
func WithClientKeyField(name string) ClientOption {
	return func(c *rpc.ClientConfig) { c.KeyField = cmp.Or(name, idempotency.DefaultKeyField) }
}

// WithRequestID also puts the key into request messages that have the string field
// request_id (AIP-155), or else one string field that has
// google.api.field_info.format = UUID4 and is not REQUIRED (AIP-4235), as the clients
// do that Google's generators make. It is for servers that read the key there, such
// as those with RequestID in their [idempotency.KeyRules]; some of them take UUIDs
// only, so a key of [idempotency.WithKey] should then be one. A field that is set
// already is the key of the call.
//
// The default is off, since an API may use such a field for something else. A field
// with the option (idempotency.v1.field).key gets the key with or without it.
func WithRequestID() ClientOption {
	return func(c *rpc.ClientConfig) { c.RequestIDs = true }
}

// WithMaxAttempts bounds how often one call is sent, the first time and hedging
// included. 1 switches retries and hedging off. The default, and the meaning of
// zero, is 4. While the server says that the call is in progress, the deadline of
// the context is the bound instead, if there is one.
func WithMaxAttempts(n int) ClientOption {
	return func(c *rpc.ClientConfig) { c.Retries.MaxAttempts = cmp.Or(n, DefaultMaxAttempts) }
}

// WithBackoff sets the pause before the first retry, and the longest one. It
// doubles with every retry, and is spread at random between half and one and a half
// times of it, so that clients do not return all at once. The defaults, and the
// meaning of zero, are 100 ms and 5 s. Both are at least 1 ms.
func WithBackoff(initial, longest time.Duration) ClientOption {
	return func(c *rpc.ClientConfig) {
		c.Retries.InitialBackoff = cmp.Or(initial, DefaultInitialBackoff)
		c.Retries.MaxBackoff = cmp.Or(longest, DefaultMaxBackoff)
	}
}

// WithMaxPause sets the longest pause that a server can ask for. If it asks for a
// longer one, the call is not sent again, and the caller gets the error. The
// default, and the meaning of zero, is 1 min.
func WithMaxPause(pause time.Duration) ClientOption {
	return func(c *rpc.ClientConfig) { c.Retries.MaxPause = cmp.Or(pause, DefaultMaxPause) }
}

// WithRetryBudget bounds the retries of all calls of an interceptor together, so
// that they do not multiply the load in an outage. Every retry takes one token.
// Every call that needs no further retry returns refill tokens, up to the number of
// tokens that there were at first. Without a token, nothing is sent again or hedged,
// except for calls that the server says are in progress. So in the long run there
// are about refill retries for each successful call. The defaults, and the meaning
// of zero, are 50 tokens and 0.1. There is at least 1 token.
func WithRetryBudget(tokens, refill float64) ClientOption {
	return func(c *rpc.ClientConfig) {
		c.Retries.Budget = cmp.Or(tokens, DefaultRetryTokens)
		c.Retries.Refill = cmp.Or(refill, DefaultRetryRefill)
	}
}

// WithHedging sends a call that has a key a second time when it has no answer after
// a while, and returns the first answer that settles it; the other try is cancelled.
// Calls without a key and messages that are not protobuf (APIv2) are not hedged. Set
// it to what nearly all calls take, such as the 95th percentile: the rest of them
// are sent twice. It must be at least 1 ms. The default, and the meaning of zero, is
// not to.
//
// It helps against a slow server, queue or connection, if the second try can take
// another way: over HTTP/2 both tries share a connection. It does not make a slow
// handler faster. A second try that finds the first one in progress waits for it.
// The server must guard calls that have a key; otherwise both tries have effect.
//
// With hedging, each try has a copy of the request.
func WithHedging(after time.Duration) ClientOption {
	return func(c *rpc.ClientConfig) { c.Retries.HedgeAfter = after }
}
