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
			[]string{"Location", "Etag", "Trailer", "Content-Type", "content-encoding", "X-Mine", "x-anything", "Cache-Control"},
			[]string{
				"Date", "date", "Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Te", "Idempotency-Refused",
				"Proxy-Authenticate", "Set-Cookie", "set-cookie", "X-Request-Id", "x-request-id", "Traceparent", "Ratelimit-Remaining",
			},
		},
		{"with cookies", cookies, []string{"Set-Cookie", "set-cookie"}, []string{"Date", "X-Request-Id"}},
		{"own list", own, []string{"X-Request-Id", "Traceparent"}, []string{"X-Mine", "x-mine", "X-More", "x-more", "Date", "Set-Cookie"}},
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
