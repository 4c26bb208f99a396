// Package fieldnames checks the names of header and metadata fields, and lists those
// of header and trailer fields that a replay does not have from the first answer.
// None of its lists may be changed.
package fieldnames

import "github.com/oncewire/idempotency/internal/mark"

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

// NeverStored are the fields that belong to a connection (RFC 9110, section 7.6.1),
// to one message or to the authentication of one request, and the mark of a refusal.
// Trailer is not in the list: an HTTP replay announces the same trailers.
var NeverStored = []string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade",
	"Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
	"Authentication-Info", "Date", "Age", "Content-Length", mark.Field,
}

// Cookies set state in the client of the first caller, and may be credentials.
var Cookies = []string{"Set-Cookie", "Set-Cookie2"}
