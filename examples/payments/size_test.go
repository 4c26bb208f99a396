package main

import (
	"strings"
	"testing"

	"github.com/oncewire/idempotency/httpmw"
)

// The request is just small enough, and the answer repeats it and adds to it.
func TestOversizeAnswer(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
		call := charge("key-1")
		call.request.Description = strings.Repeat("x", httpmw.DefaultMaxResponseBody-100)
		t.create(call).wantFirst(t) // whole
		for range 2 {
			t.create(call).wantRefusal(t, notKept)
		}
		t.wantEntries(1)
	})
}
