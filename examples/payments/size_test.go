package main

import (
	"strings"
	"testing"

	"github.com/oncewire/idempotency/httpmw"
)

// The request is just within the limit. The answer has its content and more, and so
// is above it.
func TestOversizeAnswer(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		call := charge("key-1")
		call.request.Description = strings.Repeat("x", httpmw.DefaultMaxResponse-100)
		t.create(call).wantFirst(t) // complete
		for range 2 {
			t.create(call).wantRefusal(t, notKept)
		}
		t.wantEntries(1)
	})
}
