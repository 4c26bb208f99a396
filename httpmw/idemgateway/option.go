package idemgateway

import (
	"cmp"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// Option changes how the gateway works. Every function of this package that
// takes options takes all of them, and uses those that concern it. A nil option
// has no effect.
type Option func(*config)

type config struct {
	keyField      string // canonical
	replayedField string // canonical
	headers       runtime.HeaderMatcherFunc
	trailers      runtime.HeaderMatcherFunc
	fail          runtime.ErrorHandlerFunc
	unrouted      runtime.RoutingErrorHandlerFunc
	refusals      httpmw.RefusalWriter
	echo          bool
}

func newConfig(opts []Option) *config {
	c := &config{
		headers:  prefixed(runtime.MetadataHeaderPrefix),
		trailers: prefixed(runtime.MetadataTrailerPrefix),
		fail:     runtime.DefaultHTTPErrorHandler,
		unrouted: runtime.DefaultRoutingErrorHandler,
	}
	for _, option := range opts {
		if option != nil {
			option(c)
		}
	}
	c.keyField = http.CanonicalHeaderKey(cmp.Or(c.keyField, idempotency.DefaultKeyField))
	c.replayedField = http.CanonicalHeaderKey(cmp.Or(c.replayedField, idempotency.DefaultReplayedField))
	return c
}

// prefixed is what the gateway does by default.
func prefixed(prefix string) runtime.HeaderMatcherFunc {
	return func(name string) (string, bool) { return prefix + name, true }
}

// WithKeyField names the header field that carries the key, and the metadata
// field it is forwarded in. It must be that of the engine that guards the
// service ([idempotency.Engine.KeyField]). The default, and the meaning of the
// empty string, is Idempotency-Key. Case does not matter.
func WithKeyField(name string) Option {
	return func(c *config) { c.keyField = name }
}

// WithReplayedField names the field that marks a replay, in the service's
// metadata and in the answer. It must be that of the engine that guards the
// service ([idempotency.Engine.ReplayedField]). The default, and the meaning of
// the empty string, is Idempotent-Replayed. Case does not matter.
func WithReplayedField(name string) Option {
	return func(c *config) { c.replayedField = name }
}

// WithOutgoingHeaderMatcher sets the matcher that is asked about header
// metadata which is not the replay marker. It stands in for that of
// [runtime.WithOutgoingHeaderMatcher]. Values of a binary field that it lets
// through are sent in base64. The default, and the meaning of nil, is the
// gateway's: everything, behind Grpc-Metadata-.
func WithOutgoingHeaderMatcher(next runtime.HeaderMatcherFunc) Option {
	return func(c *config) {
		if next != nil {
			c.headers = next
		}
	}
}

// WithOutgoingTrailerMatcher sets the matcher that is asked about trailer
// metadata which is neither the replay marker nor binary. It stands in for that
// of [runtime.WithOutgoingTrailerMatcher]. The default, and the meaning of nil,
// is the gateway's: everything, behind Grpc-Trailer-.
func WithOutgoingTrailerMatcher(next runtime.HeaderMatcherFunc) Option {
	return func(c *config) {
		if next != nil {
			c.trailers = next
		}
	}
}

// WithErrorHandler sets the handler of errors that are no refusal of this
// library. It stands in for that of [runtime.WithErrorHandler]. The default,
// and the meaning of nil, is [runtime.DefaultHTTPErrorHandler].
func WithErrorHandler(next runtime.ErrorHandlerFunc) Option {
	return func(c *config) {
		if next != nil {
			c.fail = next
		}
	}
}

// WithRoutingErrorHandler sets the handler of requests for which there is no
// route. It stands in for that of [runtime.WithRoutingErrorHandler]. The default,
// and the meaning of nil, is [runtime.DefaultRoutingErrorHandler].
func WithRoutingErrorHandler(next runtime.RoutingErrorHandlerFunc) Option {
	return func(c *config) {
		if next != nil {
			c.unrouted = next
		}
	}
}

// WithRefusalWriter sets the writer of the service's refusals. Give the same to
// the guard of an edge ([httpmw.WithRefusalWriter]). The default, and the meaning
// of nil, is [httpmw.WriteRefusal].
func WithRefusalWriter(write httpmw.RefusalWriter) Option {
	return func(c *config) { c.refusals = write }
}

// WithTypeBase is [WithRefusalWriter] with the [httpmw.ProblemWriter] of that
// base.
func WithTypeBase(base string) Option { return WithRefusalWriter(httpmw.ProblemWriter(base)) }

// WithKeyEcho sends the key back in the answer to every request that has one, as
// it was sent. A key that is malformed is not sent back. The default is not to.
// The guard of an edge has an option of its own ([httpmw.WithKeyEcho]).
func WithKeyEcho() Option {
	return func(c *config) { c.echo = true }
}
