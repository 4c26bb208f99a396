package httpmw

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/oncewire/idempotency"
)

// Defaults of the options below, in bytes.
const (
	DefaultMaxRequestBody  = 1 << 20
	DefaultMaxResponseBody = 1 << 20
)

// Option changes how a [Middleware] works.
type Option func(*config)

type config struct {
	methods     []string
	maxRequest  int64
	maxResponse int64
	json        idempotency.Algorithm // or AlgorithmNone
	classify    Classifier
	operation   func(*http.Request) string
	setCookie   bool
	unstored    []string
	host        func(*http.Request) string
	named       []string // canonical header fields, sorted
	identify    func(*http.Request, []byte) ([]byte, error)
	refusals    RefusalWriter
	echo        bool
}

func defaults() config {
	return config{
		methods:     []string{http.MethodPost, http.MethodPatch},
		maxRequest:  DefaultMaxRequestBody,
		maxResponse: DefaultMaxResponseBody,
		classify:    DefaultClassifier,
		operation:   operation,
		unstored:    DefaultUnstored(),
		host:        siteOf,
	}
}

// operation is the default of WithOperation. A method in another case is guarded
// as the same operation, since a handler may take it for the same.
func operation(r *http.Request) string {
	return strings.ToUpper(r.Method) + " " + r.URL.EscapedPath()
}

// WithMethods names the methods whose requests are guarded. Case matters neither
// here nor in a request: a "post" is guarded like a POST. The default, and the meaning of no method at all, is POST and PATCH. CONNECT is
// never guarded.
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

// WithMaxRequestBody bounds the body of a guarded request, which is held in
// memory; a larger one is refused with 413. The default, and the meaning of
// zero, is 1 MiB. [New] refuses a negative number.
func WithMaxRequestBody(bytes int64) Option {
	return func(c *config) { c.maxRequest = cmp.Or(bytes, DefaultMaxRequestBody) }
}

// WithMaxResponseBody bounds the body of an answer that is kept. A larger one
// reaches its caller whole, and is recorded as not kept. The default, and the
// meaning of zero, is 1 MiB. [New] refuses a negative number.
func WithMaxResponseBody(bytes int64) Option {
	return func(c *config) { c.maxResponse = cmp.Or(bytes, DefaultMaxResponseBody) }
}

// WithCanonicalJSON takes two JSON bodies (application/json or …+json) for the
// same request when they differ only in white space, in the order of members
// and in how characters are escaped. Numbers are compared as they are written.
// Bodies that are not clearly one value (invalid JSON or UTF-8, a member twice,
// nesting deeper than 100) are compared as bytes. The default is to compare
// all bodies as bytes. Switching it on or off leaves older records readable.
func WithCanonicalJSON() Option {
	return func(c *config) { c.json = cmp.Or(c.json, idempotency.AlgorithmHTTPJSON) }
}

// WithCanonicalJSONNumbers is [WithCanonicalJSON] with numbers that are compared
// by their exact decimal value: 1, 1.0 and 1e0 are the same, as are 0 and -0, and
// 0.1 is not 0.10000000000000001. A number whose exponent has more than 17 digits
// is compared as it is written. It is for handlers that read all of these alike.
func WithCanonicalJSONNumbers() Option {
	return func(c *config) { c.json = idempotency.AlgorithmHTTPJSONNumbers }
}

// WithClassifier decides what becomes of an answer. The default, and the
// meaning of nil, is [DefaultClassifier], which a classifier may call.
func WithClassifier(classify Classifier) Option {
	if classify == nil {
		classify = DefaultClassifier
	}
	return func(c *config) { c.classify = classify }
}

// WithOperation names what a request calls. Two requests with different
// operations never meet, even with the same key. Two with the same operation are
// still compared by host and by the path as it was received, so an operation that
// stands for several paths never answers a request for one with the answer to
// another. The default, and the meaning of nil, is the method in upper case and
// the escaped path: "POST /v1/payments".
func WithOperation(name func(*http.Request) string) Option {
	if name == nil {
		name = operation
	}
	return func(c *config) { c.operation = name }
}

// WithSetCookie stores the Set-Cookie and Set-Cookie2 fields of an answer too,
// so that every replay sets the first caller's cookies. The default is not to: a
// cookie may be a credential.
func WithSetCookie() Option {
	return func(c *config) { c.setCookie = true }
}

// WithUnstored replaces the list of header and trailer fields that are bound to
// one request and so not stored. The default is [DefaultUnstored]; no names at
// all means that only those are left out that never are stored (see the
// package documentation). Case does not matter.
func WithUnstored(names ...string) Option {
	return func(c *config) { c.unstored = names }
}
