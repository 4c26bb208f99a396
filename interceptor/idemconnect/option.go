package idemconnect

import (
	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// DefaultMaxResponse is the default of [WithMaxResponse].
const DefaultMaxResponse = rpc.DefaultMaxResponse

// Option changes how the server's interceptor works.
type Option func(*rpc.Config)

// WithMaxResponse sets how many bytes an answer may have, with its metadata,
// to be kept for replays. A larger one reaches its caller all the same, and
// later calls with its key get [idempotency.ErrOutcomeNotKept]. The default,
// and the meaning of zero and less, is 1 MiB.
func WithMaxResponse(bytes int) Option {
	return func(c *rpc.Config) {
		if bytes > 0 {
			c.MaxResponse = bytes
		}
	}
}

// WithClassifier replaces [Verdict] for calls that fail.
func WithClassifier(classify func(*connect.Error) idempotency.Verdict) Option {
	return func(c *rpc.Config) {
		c.Classify = func(s *spb.Status) idempotency.Verdict { return classify(errorOf(s)) }
	}
}

// Verdict is the default verdict on a call that failed. Canceled and
// DeadlineExceeded abandon the claim, since nobody knows what was done;
// Unavailable, ResourceExhausted, Aborted and Unauthenticated release it,
// since the server says that it did nothing; everything else is recorded,
// since it would come out the same again or may have had its effect.
func Verdict(err *connect.Error) idempotency.Verdict { return rpc.Verdict(code.Code(err.Code())) }

// WithTypedReplays decodes a replayed message before it is returned, for outer
// interceptors that assert its Go type. The default hands out a message that
// is sent as the bytes that were stored, and is decoded only when somebody
// looks at it through reflection, as the JSON codec, loggers and validators do.
func WithTypedReplays() Option {
	return func(c *rpc.Config) { c.Typed = true }
}

// WithUnstored replaces the list of headers and trailers that are not stored
// because they speak of one request and not of the outcome: request ids, trace
// contexts, rate limits. No names means that all of them are stored.
func WithUnstored(names ...string) Option {
	return func(c *rpc.Config) { c.Unstored = names }
}

// WithSetCookie stores Set-Cookie as well. The default is not to: a cookie is
// for the one caller who was there.
func WithSetCookie() Option {
	return func(c *rpc.Config) { c.SetCookie = true }
}
