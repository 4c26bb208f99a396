package idemconnect

import (
	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// DefaultMaxResponse is the default of [WithMaxResponse], in bytes.
const DefaultMaxResponse = rpc.DefaultMaxResponse

// Option changes how the server's interceptor works.
type Option func(*rpc.Config)

// WithMaxResponse sets how many bytes an answer may have, with its metadata,
// to be kept for replays. A larger one reaches its caller all the same, and
// later calls with its key get [idempotency.ErrOutcomeNotKept]. The default,
// and the meaning of zero, is 1 MiB. A negative number is an error.
func WithMaxResponse(bytes int) Option {
	return func(c *rpc.Config) { c.MaxResponse = bytes }
}

// WithClassifier replaces [Verdict] for calls that fail. The engine applies its
// own rules to what it returns; see [idempotency.Answer]. The default, and the
// meaning of nil, is Verdict. The function must be safe for concurrent use.
func WithClassifier(classify func(*connect.Error) idempotency.Verdict) Option {
	return func(c *rpc.Config) {
		c.Classify = nil
		if classify != nil {
			c.Classify = func(s *spb.Status) idempotency.Verdict { return classify(errorOf(s)) }
		}
	}
}

// Verdict is the default verdict on a call that failed. Only what cannot follow
// an effect is released: Unauthenticated, Unimplemented, ResourceExhausted and
// Aborted. Canceled, DeadlineExceeded and Unavailable abandon the claim: a
// downstream client answers them when its connection broke after the effect.
// Everything else is this request's answer, and is recorded.
func Verdict(err *connect.Error) idempotency.Verdict { return rpc.Verdict(code.Code(err.Code())) }

// WithRawReplays hands out a replayed message that is sent as the bytes that
// were stored, which is a little faster. It has another Go type than the first
// answer, and what an interceptor changes inside a message in it is not sent. So
// use it only for servers where no outer interceptor looks into messages, and
// whose codecs are connect-go's own. The default is to decode a replayed message
// into the type that the first answer had.
func WithRawReplays() Option {
	return func(c *rpc.Config) { c.Raw = true }
}

// WithUnstored replaces the list of headers and trailers that are not stored
// because they belong to one request and not to the outcome: request ids, trace
// contexts, rate limits. Case does not matter. No names means that all of them
// are stored.
func WithUnstored(names ...string) Option {
	return func(c *rpc.Config) { c.Unstored = names }
}

// WithSetCookie stores Set-Cookie as well. The default is not to: a cookie is
// for the one caller who made the call.
func WithSetCookie() Option {
	return func(c *rpc.Config) { c.SetCookie = true }
}
