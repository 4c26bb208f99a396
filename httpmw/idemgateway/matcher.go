package idemgateway

import "github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

// OutgoingHeaderMatcher returns a matcher for
// [runtime.WithOutgoingHeaderMatcher]. It gives the replay marker its HTTP name,
// leaves binary metadata out, which [ForwardBinary] sends, and passes every other
// name to the matcher of [WithOutgoingHeaderMatcher].
func OutgoingHeaderMatcher(options ...Option) runtime.HeaderMatcherFunc {
	return newConfig(options).matchHeader
}

func (c *config) matchHeader(name string) (string, bool) {
	switch {
	case c.isMarker(name):
		return c.replayedField, true
	case isBinary(name):
		return "", false
	default:
		return c.headerMatcher(name)
	}
}

// OutgoingTrailerMatcher returns a matcher for
// [runtime.WithOutgoingTrailerMatcher]. It leaves out binary metadata, whose bytes
// would make the answer invalid, and the replay marker, which [ErrorHandler] sends
// in the header. It passes every other name to the matcher of
// [WithOutgoingTrailerMatcher].
func OutgoingTrailerMatcher(options ...Option) runtime.HeaderMatcherFunc {
	return newConfig(options).matchTrailer
}

func (c *config) matchTrailer(name string) (string, bool) {
	if c.isMarker(name) || isBinary(name) {
		return "", false
	}
	return c.trailerMatcher(name)
}
