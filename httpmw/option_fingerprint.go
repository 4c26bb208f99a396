package httpmw

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/oncewire/idempotency/internal/fingerprint"
)

// WithHost sets how the host of a request is named. The host is part of the
// fingerprint: a key that was used for one host is refused (KEY_REUSED) for another
// host, so that a site never returns the answer of another site. The function must
// be safe for concurrent use; it may return "" where hosts do not matter.
//
// The default, and the meaning of nil, is the request's Host in lower case without
// the default port, and "" for an IP address and for localhost: these name a
// replica and not a site. If replicas have different names, or a proxy sends each
// replica's own name, return the name that they share.
func WithHost(name func(*http.Request) string) Option {
	if name == nil {
		name = defaultHost
	}
	return func(c *config) { c.fingerprinter.host = name }
}

// WithFingerprintHeaders adds request header fields to the fingerprint, for fields
// that change the meaning of a request, such as Stripe-Account: a key that was used
// with one value is refused (KEY_REUSED) with another value, and without the field.
// The case of names does not matter; that of values does. Do not name a field that
// changes with every attempt. To separate callers, use [idempotency.WithScope]. The
// default is none. When the list changes, older records no longer match retries
// that have the field.
func WithFingerprintHeaders(names ...string) Option {
	return func(c *config) {
		fields := make([]string, 0, len(names))
		for _, name := range names {
			fields = append(fields, http.CanonicalHeaderKey(name))
		}
		slices.Sort(fields)
		c.fingerprinter.fields = slices.Compact(fields)
	}
}

// WithCanonicalJSON compares JSON bodies (application/json or …+json) by their
// canonical form: two bodies are the same if they differ only in white space, in
// the order of members, and in how characters are escaped. Numbers are compared as
// they are written. A body that is ambiguous (invalid JSON or UTF-8, two members
// with one name, nesting deeper than 100) is compared as bytes. The default is to
// compare all bodies as bytes. Records from before the option was switched on or
// off still match their retries.
func WithCanonicalJSON() Option {
	return func(c *config) {
		c.fingerprinter.jsonAlgorithm = cmp.Or(c.fingerprinter.jsonAlgorithm, fingerprint.HTTPJSON)
	}
}

// WithCanonicalJSONNumbers is [WithCanonicalJSON] with numbers compared by their
// exact decimal value: 1, 1.0 and 1e0 are the same, as are 0 and -0, and 0.1 is not
// 0.10000000000000001. A number whose exponent has more than 17 digits is compared
// as it is written. Use it if the handlers treat all these spellings alike.
func WithCanonicalJSONNumbers() Option {
	return func(c *config) { c.fingerprinter.jsonAlgorithm = fingerprint.HTTPJSONNumbers }
}

// WithFingerprint compares requests by the result of a function instead of query,
// content coding, content type and body. It is for APIs where two different bodies
// or queries can be the same request, for example because a field changes with
// every attempt. Host, path and the fields of [WithFingerprintHeaders] are still
// compared, and [WithCanonicalJSON] has no effect. The default, and the meaning of
// nil, is none.
//
// The function must return the same bytes for a request and its retries, and must
// be safe for concurrent use. It gets a copy of the request, and the body as bytes
// and as Request.Body. It may parse the copy (Request.ParseForm); the handler does
// not see that. It must not change the bytes or use them after it returned. If it
// returns an error, the request does not run and is refused with
// [idempotency.ErrRequestUnreadable] (400, fix_request). The error is not sent to
// the client.
//
// Records from before the option was set still match their retries. After the
// option was removed, a record that was made with it is replayed to every request
// with its key, operation and scope, without a comparison.
func WithFingerprint(identify func(r *http.Request, body []byte) ([]byte, error)) Option {
	return func(c *config) { c.fingerprinter.custom = identify }
}
