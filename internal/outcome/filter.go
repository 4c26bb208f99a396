package outcome

import (
	"net/textproto"
	"strings"

	"github.com/oncewire/idempotency/internal/mark"
)

// RequestBound are the fields that describe one request, its way through the network
// or its caller, not the outcome. They are not stored unless the user has another
// list.
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

// neverStored are the fields that belong to a connection (RFC 9110, section 7.6.1),
// to one message or to the authentication of one request, and the mark of a refusal.
// Trailer is not in the list: an HTTP replay announces the same trailers.
var neverStored = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade",
	"Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
	"Authentication-Info", "Date", "Age", "Content-Length", mark.Field,
}

// cookies set state in the client of the first caller, and may be credentials.
var cookies = []string{"Set-Cookie", "Set-Cookie2"}

// Filter contains the names of fields that are not stored, each in lower case and in
// canonical form.
type Filter map[string]bool

// NewFilter returns a filter for the names in requestBound and more, and for those
// that are never stored. Cookies are stored only if setCookie is true.
func NewFilter(requestBound []string, setCookie bool, more ...string) Filter {
	filter := Filter{}
	filter.add(neverStored)
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

// Stores reports whether a field of this name is stored. The name may be in any case,
// because a handler can write to the map of a header directly.
func (f Filter) Stores(name string) bool {
	return !f[name] && (isLowerOrCanonical(name) || !f[strings.ToLower(name)])
}

func isLowerOrCanonical(name string) bool {
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
