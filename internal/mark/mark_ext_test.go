package mark_test

import (
	"context"
	"testing"

	"github.com/oncewire/idempotency/internal/mark"
)

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestMarkIsBoundToOperationAndKey(t *testing.T) {
	own := mark.Of("/a", "k")
	for _, test := range []struct {
		mark, operation, key string
		want                 bool
	}{
		{own, "/a", "k", true},
		{"other " + own, "/a", "k", true},
		{own, "/b", "k", false},
		{own, "/a", "l", false},
		{own, "/ak", "", false},
		{own[1:], "/a", "k", false},
		{"", "/a", "k", false},
		{"IN_PROGRESS", "/a", "k", false},
		{mark.Of("", "/ak"), "/a", "k", false},
	} {
		equal(t, test.mark+" for "+test.operation+" "+test.key, mark.Matches(test.mark, test.operation, test.key), test.want)
	}
	equal(t, "mark of no key", mark.Of("/a", ""), "")
	equal(t, "mark of no key in a context", mark.In(t.Context(), "/a", ""), "")
	equal(t, "no key has a mark", mark.Matches("", "/a", ""), false)
}

// TestMarkNeverChanges: a guard and a service may run different versions.
func TestMarkNeverChanges(t *testing.T) {
	equal(t, "mark", mark.Of("/bank.v1.Bank/Pay", "k"), "NpfgK3WerHZUmLtQx0LNYQ")
}

// TestMarkOfEverySpelling: two guards around each other may have different key
// rules.
func TestMarkOfEverySpelling(t *testing.T) {
	const uuid = "5f0b8f0e-2f0a-4a3c-9a35-0d4a0d3a8a11"
	for _, test := range []struct {
		one, other string
		want       bool
	}{
		{"abc", `"abc"`, true},
		{"abc", ` "abc";v=1 `, true},
		{"abc", "ABC", false},
		{uuid, "5F0B8F0E2F0A4A3C9A350D4A0D3A8A11", true},
		{uuid, `"urn:uuid:` + uuid + `"`, true},
		{uuid, uuid + "0", false},
		{`"`, `"`, true},
	} {
		equal(t, test.one+" and "+test.other, mark.Matches(mark.Of("/a", test.one), "/a", test.other), test.want)
	}
}

// guarded is the context of a guarded call.
type guarded struct {
	context.Context

	operation, key string
}

func (g guarded) Value(key any) any {
	if key == (mark.ContextKey{}) {
		return g
	}
	return g.Context.Value(key)
}

func (g guarded) MarkedCall() (operation, key string, outer context.Context) {
	return g.operation, g.key, g.Context
}

func TestMarkNamesTheGuardedCallsAroundWithTheSameKey(t *testing.T) {
	ctx := guarded{t.Context(), "POST /pay", `"k"`}
	ctx = guarded{ctx, "POST /log", "another"}
	ctx = guarded{ctx, "/a", "k"}
	text := mark.In(ctx, "/a", "k")
	equal(t, "mark", text, mark.Of("/a", "k")+" "+mark.Of("POST /pay", "k"))
	equal(t, "another key's operation", mark.Matches(text, "POST /log", "k"), false)
	equal(t, "without the context", mark.Of("/a", "k"), mark.In(t.Context(), "/a", "k"))
}
