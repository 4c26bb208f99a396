package outcome

import (
	"net/textproto"
	"strings"

	"github.com/oncewire/idempotency"
)

// RequestBound are the fields that speak of one request and its journey, not
// of the outcome, and so are not stored unless the user has another list.
var RequestBound = []string{
	"Request-Id", "X-Request-Id", "Correlation-Id", "X-Correlation-Id",
	"Traceparent", "Tracestate", "Traceresponse", "Baggage",
	"X-Trace-Id", "X-Amzn-Trace-Id", "X-Cloud-Trace-Context",
	"B3", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
	"Server-Timing", "X-Runtime", "X-Response-Time",
	"Ratelimit", "Ratelimit-Policy", "Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset",
	"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset",
}

// never are the fields that belong to a connection (RFC 9110, section 7.6.1) or
// to one message, and the mark of a refusal. Trailer is not among them: an HTTP
// replay announces the same trailers.
var never = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade",
	"Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
	"Date", "Content-Length", idempotency.RefusedField,
}

// Filter knows which fields are never stored. It takes names in lower case and
// in canonical form.
type Filter map[string]bool

// NewFilter returns a filter for the lists; Set-Cookie is let through only on
// demand.
func NewFilter(requestBound []string, setCookie bool, more ...string) Filter {
	filter := Filter{}
	filter.add(never)
	filter.add(requestBound)
	filter.add(more)
	if !setCookie {
		filter.add([]string{"Set-Cookie"})
	}
	return filter
}

func (f Filter) add(names []string) {
	for _, name := range names {
		f[strings.ToLower(name)] = true
		f[textproto.CanonicalMIMEHeaderKey(name)] = true
	}
}

// Stores reports whether a field of this name is stored.
func (f Filter) Stores(name string) bool { return !f[name] }
