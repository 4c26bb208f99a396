package outcome_test

import (
	"testing"

	"github.com/oncewire/idempotency/internal/outcome"
)

func TestFilter(t *testing.T) {
	usual := outcome.NewFilter(outcome.RequestBound, false)
	cookies := outcome.NewFilter(outcome.RequestBound, true)
	own := outcome.NewFilter([]string{"x-mine"}, false, "X-More")
	tests := []struct {
		name   string
		filter outcome.Filter
		stores []string
		drops  []string
	}{
		{
			"usual", usual,
			[]string{"Location", "Etag", "Trailer", "Content-Type", "content-encoding", "CONTENT-TYPE", "ETag", "X-Mine", "x-anything", "Cache-Control"},
			[]string{
				"Date", "date", "Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Te", "Idempotency-Refused",
				"Proxy-Authenticate", "Set-Cookie", "set-cookie", "X-Request-Id", "x-request-id", "Traceparent", "Ratelimit-Remaining",
				"Authentication-Info", "Set-Cookie2", "Clear-Site-Data", "X-Csrf-Token", "Age", "Cf-Ray",
				"Uber-Trace-Id", "uber-trace-id", "Sentry-Trace", "Baggage", "X-Datadog-Trace-Id", "x-datadog-sampling-priority",
				"SET-COOKIE", "Set-cookie", "sET-cOOKIE", "X-REQUEST-ID", "X-CSRF-Token", "DATE", "CF-RAY",
			},
		},
		{"with cookies", cookies, []string{"Set-Cookie", "set-cookie", "SET-COOKIE2"}, []string{"Date", "X-Request-Id"}},
		{
			"own list", own,
			[]string{"X-Request-Id", "Traceparent", "Clear-Site-Data"},
			[]string{"X-Mine", "x-mine", "X-MINE", "X-More", "x-more", "Date", "Age", "Authentication-Info", "Set-Cookie", "Set-Cookie2"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range test.stores {
				equal(t, "stores "+name, test.filter.Stores(name), true)
			}
			for _, name := range test.drops {
				equal(t, "stores "+name, test.filter.Stores(name), false)
			}
		})
	}
}
