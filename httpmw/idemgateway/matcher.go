package idemgateway

import (
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
)

// OutgoingHeaderMatcher returns a matcher for
// [runtime.WithOutgoingHeaderMatcher]. It gives the replay marker its HTTP
// name, keeps binary metadata back for [ForwardBinary], and asks the matcher of
// [WithOutgoingHeaderMatcher] about the rest.
func OutgoingHeaderMatcher(opts ...Option) runtime.HeaderMatcherFunc {
	return newConfig(opts).matchHeader
}

func (c *config) matchHeader(name string) (string, bool) {
	switch {
	case c.isMarker(name):
		return c.replayedField, true
	case isBinary(name):
		return "", false
	default:
		return c.headers(name)
	}
}

// OutgoingTrailerMatcher returns a matcher for
// [runtime.WithOutgoingTrailerMatcher]. It keeps back binary metadata, whose
// bytes would break the answer, and the replay marker, which [ErrorHandler]
// sends in the header; it asks the matcher of [WithOutgoingTrailerMatcher]
// about the rest.
func OutgoingTrailerMatcher(opts ...Option) runtime.HeaderMatcherFunc {
	return newConfig(opts).matchTrailer
}

func (c *config) matchTrailer(name string) (string, bool) {
	if c.isMarker(name) || isBinary(name) {
		return "", false
	}
	return c.trailers(name)
}

func (c *config) isMarker(name string) bool { return strings.EqualFold(name, c.replayedField) }

// isBinary tells the metadata whose values may be any bytes.
func isBinary(name string) bool { return strings.HasSuffix(name, "-bin") }
