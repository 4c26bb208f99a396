package main

import (
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
)

func TestKeyReused(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		first := t.create(charge("key-1"))
		other := charge("key-1")
		other.request.Amount++
		for range 2 { // a refusal is not recorded
			t.create(other).wantRefusal(t, keyReused)
		}
		t.create(charge("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

func TestKeyMalformed(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{
		"Space":      {"two words"},
		"Unfinished": {`"key`},
		"TooLong":    {strings.Repeat("k", idempotency.DefaultMaxKeyLength+1)},
		"Two":        {"key-1", "key-2"},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, nil, func(t protocolTest) {
				call := charge("")
				call.keys = keys
				t.create(call).wantRefusal(t, keyInvalid)
				t.wantEntries(0)
			})
		})
	}
}

func TestKeyNotUUID(t *testing.T) {
	uuids := func(c *config) { c.uuid = true }
	eachProtocol(t, uuids, func(t protocolTest) {
		t.create(charge("key-1")).wantRefusal(t, keyInvalid)
		first := t.create(charge("0F8FAD5B-D9CB-469F-A165-70867728950E"))
		first.wantFirst(t)
		t.create(charge("0f8fad5b-d9cb-469f-a165-70867728950e")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

func TestKeyRequired(t *testing.T) {
	required := func(c *config) { c.require = true }
	eachProtocol(t, required, func(t protocolTest) {
		t.create(charge("").keyless()).wantRefusal(t, keyMissing)
		t.wantEntries(0) // reading needs no key
		t.create(charge("key-1")).wantFirst(t)
	})
}
