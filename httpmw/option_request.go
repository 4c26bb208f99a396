package httpmw

import (
	"net/http"
	"slices"
)

// WithHost names the host that a request is for. It is part of the fingerprint:
// a key that was used for one host is refused (KEY_REUSED) for another, so that
// one site never gets the answer of another.
//
// The default, and the meaning of nil, is the request's Host in lower case and
// without the default port. An IP address and localhost count as no name: with
// them a client picks one of several replicas, not a site. Where replicas have
// names of their own, or a proxy sends each replica's own name, return the name
// that they share; return "" where hosts do not matter.
func WithHost(name func(*http.Request) string) Option {
	if name == nil {
		name = siteOf
	}
	return func(c *config) { c.host = name }
}

// WithFingerprintHeaders names header fields of a request that change what it
// means, such as Stripe-Account: a key that was used with one value is refused
// (KEY_REUSED) with another, and without the field. Who calls is better told by
// [idempotency.WithScope], and a field that a client sets anew for each attempt
// must not be named. Case does not matter in names, and does in values. The
// default is none. After a change of the list, a record that was made before is
// no longer recognised by retries that have the field.
func WithFingerprintHeaders(names ...string) Option {
	return func(c *config) {
		c.named = nil
		for _, name := range names {
			c.named = append(c.named, http.CanonicalHeaderKey(name))
		}
		slices.Sort(c.named)
		c.named = slices.Compact(c.named)
	}
}

// WithFingerprint compares requests by what the function returns instead of by
// query, content coding, content type and body: for APIs that know better when
// two requests are the same, because a field may differ between attempts, or the
// order of parameters does not matter. Host, path and the fields of
// [WithFingerprintHeaders] are compared in any case, and [WithCanonicalJSON] has
// no effect. The default, and the meaning of nil, is none.
//
// The function must return the same bytes for a request and its retry, and must
// be safe for concurrent use. The request is a copy, whose Body reads the body
// that the function also gets as bytes: it may be parsed (Request.ParseForm) and
// nothing of that is seen by the handler. The bytes must be neither changed nor
// kept. A request for which the function returns an error is not run, and is
// refused with [idempotency.ErrRequestUnreadable] (400, fix_request); the error is
// not shown to the client.
//
// Records from before the option was set are recognised. After it has been taken
// away, a record that was made with it is replayed to every request with its key
// and path.
func WithFingerprint(identify func(r *http.Request, body []byte) ([]byte, error)) Option {
	return func(c *config) { c.identify = identify }
}
