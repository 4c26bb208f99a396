package idemconnect2

import (
	"slices"

	"connectrpc.com/connect/v2"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/outcome"
)

// DefaultMaxResponse is the default of [WithMaxResponse], in bytes.
const DefaultMaxResponse = rpc.DefaultMaxResponse

// Option configures the interceptor of [NewServerInterceptor].
type Option func(*rpc.Config)

// WithMaxResponse sets the maximum size of a recorded answer, in bytes, with its
// metadata. A larger answer still reaches its caller, but later calls with its key
// are refused with [idempotency.ErrOutcomeNotKept]. Zero means the default of
// 1 MiB. A negative number is an error. [idempotency.Policy] can set another
// maximum for some operations.
func WithMaxResponse(bytes int64) Option {
	return func(c *rpc.Config) { c.MaxResponse = bytes }
}

// WithClassifier sets the verdict on calls that fail. Nil means the default,
// [DefaultClassifier].
func WithClassifier(classifier Classifier) Option {
	return func(c *rpc.Config) {
		c.Classifier = nil
		if classifier != nil {
			c.Classifier = func(s *spb.Status) idempotency.Verdict { return classifier(errorOf(s, new(connect.CallInfo))) }
		}
	}
}

// WithRawReplays sends a replayed message as the recorded bytes, which is a little
// faster. The message has another Go type than the first answer, and a change
// inside a nested message is not sent. So use it only for servers whose outer
// interceptors do not read messages, and whose codecs are connect-go's own. The
// default is to decode a replayed message into the type of the first answer.
func WithRawReplays() Option {
	return func(c *rpc.Config) { c.RawReplays = true }
}

// DefaultUnrecordedFields returns the default of [WithUnrecordedFields]: request
// ids, trace contexts and rate limits, in a slice of the caller's own.
func DefaultUnrecordedFields() []string { return slices.Clone(outcome.RequestBound) }

// WithUnrecordedFields replaces the list of headers and trailers that are not
// recorded because they belong to one request and not to the outcome. The default
// is [DefaultUnrecordedFields]. Case does not matter. Without names, all fields are
// recorded.
func WithUnrecordedFields(names ...string) Option {
	return func(c *rpc.Config) { c.UnrecordedFields = names }
}

// WithSetCookie also records Set-Cookie. The default is not to record it, since a
// cookie is for one caller.
func WithSetCookie() Option {
	return func(c *rpc.Config) { c.SetCookie = true }
}
