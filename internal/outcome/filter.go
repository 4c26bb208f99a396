package outcome

import (
	"net/textproto"
	"strings"

	"github.com/oncewire/idempotency"
)

// RequestBound are the fields that speak of one request and its journey or of
// its caller, not of the outcome, and so are not stored unless the user has
// another list.
var RequestBound = []string{
	"Request-Id", "X-Request-Id", "Correlation-Id", "X-Correlation-Id",
	"Traceparent", "Tracestate", "Traceresponse", "Baggage",
	"X-Trace-Id", "X-Amzn-Trace-Id", "X-Cloud-Trace-Context", "Uber-Trace-Id", "Sentry-Trace",
	"X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Sampling-Priority", "X-Datadog-Origin", "X-Datadog-Tags",
	"B3", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
	"Cf-Ray", "Server-Timing", "X-Runtime", "X-Response-Time",
	"Clear-Site-Data", "X-Csrf-Token",
	"Ratelimit", "Ratelimit-Policy", "Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset",
	"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset",
}

// never are the fields that belong to a connection (RFC 9110, section 7.6.1), to
// one message or to the authentication of one request, and the mark of a
// refusal. Trailer is not among them: an HTTP replay announces the same trailers.
var never = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade",
	"Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
	"Authentication-Info", "Date", "Age", "Content-Length", idempotency.RefusedField,
}

// cookies set state of the first caller's client, and may be credentials.
var cookies = []string{"Set-Cookie", "Set-Cookie2"}

// Filter knows which fields are never stored, in lower case and in canonical
// form.
type Filter map[string]bool

// NewFilter returns a filter for the lists; cookies are let through only on
// demand.
func NewFilter(requestBound []string, setCookie bool, more ...string) Filter {
	filter := Filter{}
	filter.add(never)
	filter.add(requestBound)
	filter.add(more)
	if !setCookie {
		filter.add(cookies)
	}
	return filter
}

func (f Filter) add(names []string) {
	for _, name := range names {
		f[strings.ToLower(name)] = true
		f[textproto.CanonicalMIMEHeaderKey(name)] = true
	}
}

// Stores reports whether a field of this name is stored, in any case: a handler
// can write to the map of a header.
func (f Filter) Stores(name string) bool {
	return !f[name] && (plain(name) || !f[strings.ToLower(name)])
}

// plain reports whether the name is in lower case or in canonical form.
func plain(name string) bool {
	lower, canonical, start := true, true, true
	for _, c := range []byte(name) {
		upper := c >= 'A' && c <= 'Z'
		if upper {
			lower = false
		}
		if upper != start && (upper || c >= 'a' && c <= 'z') {
			canonical = false
		}
		start = c == '-'
	}
	return lower || canonical
}
