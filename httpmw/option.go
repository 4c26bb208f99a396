package httpmw

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// Defaults of [WithMaxRequest] and [WithMaxResponse], in bytes.
const (
	DefaultMaxRequest  = 1 << 20
	DefaultMaxResponse = 1 << 20
)

// Option changes how a [Middleware] works.
type Option func(*config)

type config struct {
	methods       []string // in upper case
	operation     func(*http.Request) string
	schema        func(*http.Request) (string, idempotency.Policy, bool)
	maxRequest    int64
	maxResponse   int64
	fingerprinter fingerprinter
	classify      Classifier
	unrecorded    []string
	setCookie     bool
	refusals      RefusalWriter
	echo          bool
}

func defaultConfig() config {
	return config{
		methods:       []string{http.MethodPost, http.MethodPatch},
		operation:     defaultOperation,
		maxRequest:    DefaultMaxRequest,
		maxResponse:   DefaultMaxResponse,
		fingerprinter: fingerprinter{host: defaultHost},
		classify:      DefaultClassifier,
		unrecorded:    outcome.RequestBound,
	}
}

// defaultOperation is the default of [WithOperation]. The method is in upper case,
// since a handler may treat "post" like "POST".
func defaultOperation(r *http.Request) string {
	return strings.ToUpper(r.Method) + " " + r.URL.EscapedPath()
}

// WithMethods sets the methods whose requests are guarded. Case does not matter,
// neither here nor in a request: "post" is guarded like "POST". CONNECT is never
// guarded. The default, and the meaning of no methods, is POST and PATCH.
func WithMethods(methods ...string) Option {
	return func(c *config) {
		if len(methods) == 0 {
			return
		}
		c.methods = nil
		for _, method := range methods {
			if method = strings.ToUpper(method); method != http.MethodConnect {
				c.methods = append(c.methods, method)
			}
		}
	}
}

// WithOperation sets how a request's operation is named. The same key in two
// operations is two different keys. Requests of one operation are still compared by
// host and received path, so an operation that stands for several paths never
// answers a request to one path with the answer to another. The function must be
// safe for concurrent use. The default, and the meaning of nil, is the method in
// upper case and the escaped path: "POST /v1/payments".
func WithOperation(name func(*http.Request) string) Option {
	if name == nil {
		name = defaultOperation
	}
	return func(c *config) { c.operation = name }
}

// WithSchema sets what a request's own definition says, such as that of an RPC
// behind a REST route: the name of the operation, which [WithOperation] then does not
// decide, and the schema for [idempotency.Engine.Operation]. Such a request is guarded
// whatever its method is. The function returns false for a request that it does not
// know. It runs for every request, and must be safe for concurrent use. The default,
// and the meaning of nil, is that no request is known.
func WithSchema(lookup func(*http.Request) (operation string, schema idempotency.Policy, ok bool)) Option {
	return func(c *config) { c.schema = lookup }
}

// WithMaxRequest limits the body of a guarded request, which is held in memory. A
// request with a larger body is refused with [idempotency.ErrRequestTooLarge] (413)
// and does not run. MaxRequest in an [idempotency.Policy] overrides it. The
// default, and the meaning of zero, is [DefaultMaxRequest]: 1 MiB. [New] rejects a
// negative number.
func WithMaxRequest(bytes int64) Option {
	return func(c *config) { c.maxRequest = cmp.Or(bytes, DefaultMaxRequest) }
}

// WithMaxResponse limits the body of an answer that is stored. The first caller
// gets a larger answer whole; later calls with the key get
// [idempotency.ErrOutcomeNotKept] (409). MaxResponse in an [idempotency.Policy]
// overrides it. The default, and the meaning of zero, is [DefaultMaxResponse]:
// 1 MiB. [New] rejects a negative number.
func WithMaxResponse(bytes int64) Option {
	return func(c *config) { c.maxResponse = cmp.Or(bytes, DefaultMaxResponse) }
}

// WithRefusalWriter sets the writer of refusals, for APIs that have their own
// format of errors. The header already has what every refusal needs when the
// writer is called: see [RefusalWriter.Refuse]. The default, and the meaning of
// nil, is [WriteRefusal].
func WithRefusalWriter(write RefusalWriter) Option {
	return func(c *config) { c.refusals = write }
}

// WithTypeBase is [WithRefusalWriter] with the [ProblemWriter] of that base.
func WithTypeBase(base string) Option { return WithRefusalWriter(ProblemWriter(base)) }

// WithKeyEcho returns the key in every answer to a guarded request: first answers,
// replays and refusals. It is in the field in which it was received, as it was
// sent. A malformed key is not returned. The default is off.
func WithKeyEcho() Option {
	return func(c *config) { c.echo = true }
}
