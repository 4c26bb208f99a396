package idemgateway

import (
	"cmp"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// Option configures the functions of this package. Every function that takes
// options accepts all of them, and uses those that concern it. A nil option has no
// effect.
type Option func(*config)

type config struct {
	keyField            string // canonical
	replayedField       string // canonical
	keyEcho             bool
	headerMatcher       runtime.HeaderMatcherFunc
	trailerMatcher      runtime.HeaderMatcherFunc
	errorHandler        runtime.ErrorHandlerFunc
	routingErrorHandler runtime.RoutingErrorHandlerFunc
	refusalWriter       httpmw.RefusalWriter
}

func newConfig(options []Option) *config {
	c := &config{
		headerMatcher:       prefixed(runtime.MetadataHeaderPrefix),
		trailerMatcher:      prefixed(runtime.MetadataTrailerPrefix),
		errorHandler:        runtime.DefaultHTTPErrorHandler,
		routingErrorHandler: runtime.DefaultRoutingErrorHandler,
	}
	for _, option := range options {
		if option != nil {
			option(c)
		}
	}
	c.keyField = http.CanonicalHeaderKey(cmp.Or(c.keyField, idempotency.DefaultKeyField))
	c.replayedField = http.CanonicalHeaderKey(cmp.Or(c.replayedField, idempotency.DefaultReplayedField))
	return c
}

// prefixed returns the gateway's default matcher.
func prefixed(prefix string) runtime.HeaderMatcherFunc {
	return func(name string) (string, bool) { return prefix + name, true }
}

// WithKeyField sets the name of the header field that carries the key, and of the
// metadata field in which it is forwarded. It must be the name that the engine of
// the service uses ([idempotency.Operation.KeyField]). The default, and the
// meaning of the empty string, is Idempotency-Key. Case does not matter.
func WithKeyField(name string) Option {
	return func(c *config) { c.keyField = name }
}

// WithReplayedField sets the name of the field that marks a replay, in the
// service's metadata and in the answer. It must be the name that the engine of the
// service uses ([idempotency.Operation.ReplayedField]). The default, and the
// meaning of the empty string, is Idempotent-Replayed. Case does not matter.
func WithReplayedField(name string) Option {
	return func(c *config) { c.replayedField = name }
}

// WithOutgoingHeaderMatcher sets the matcher of header metadata other than the
// replay marker. Use it instead of [runtime.WithOutgoingHeaderMatcher]. Values of
// binary fields that it accepts are sent in base64. The default, and the meaning of
// nil, is that of the gateway: every field, with the prefix Grpc-Metadata-.
func WithOutgoingHeaderMatcher(matcher runtime.HeaderMatcherFunc) Option {
	return func(c *config) {
		if matcher != nil {
			c.headerMatcher = matcher
		}
	}
}

// WithOutgoingTrailerMatcher sets the matcher of trailer metadata that is neither
// the replay marker nor binary. Use it instead of
// [runtime.WithOutgoingTrailerMatcher]. The default, and the meaning of nil, is that
// of the gateway: every field, with the prefix Grpc-Trailer-.
func WithOutgoingTrailerMatcher(matcher runtime.HeaderMatcherFunc) Option {
	return func(c *config) {
		if matcher != nil {
			c.trailerMatcher = matcher
		}
	}
}

// WithErrorHandler sets the handler of errors other than refusals of this library.
// Use it instead of [runtime.WithErrorHandler]. The default, and the meaning of
// nil, is [runtime.DefaultHTTPErrorHandler].
func WithErrorHandler(handler runtime.ErrorHandlerFunc) Option {
	return func(c *config) {
		if handler != nil {
			c.errorHandler = handler
		}
	}
}

// WithRoutingErrorHandler sets the handler of requests for which there is no
// route. Use it instead of [runtime.WithRoutingErrorHandler]. The default, and the
// meaning of nil, is [runtime.DefaultRoutingErrorHandler].
func WithRoutingErrorHandler(handler runtime.RoutingErrorHandlerFunc) Option {
	return func(c *config) {
		if handler != nil {
			c.routingErrorHandler = handler
		}
	}
}

// WithRefusalWriter sets the writer of the service's refusals. Give the same
// writer to a guard at the edge ([httpmw.WithRefusalWriter]). The default, and the
// meaning of nil, is [httpmw.WriteRefusal].
func WithRefusalWriter(write httpmw.RefusalWriter) Option {
	return func(c *config) { c.refusalWriter = write }
}

// WithTypeBase is [WithRefusalWriter] with the [httpmw.ProblemWriter] of the base.
func WithTypeBase(base string) Option { return WithRefusalWriter(httpmw.ProblemWriter(base)) }

// WithKeyEcho sends the key back in the answer to every request that has one, as it
// was sent. A malformed key is not sent back. The default is off. A guard at the
// edge has its own option ([httpmw.WithKeyEcho]).
func WithKeyEcho() Option {
	return func(c *config) { c.keyEcho = true }
}
