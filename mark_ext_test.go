package idempotency_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/oncewire/idempotency"
)

func TestRefusalMarkIsBoundToOperationAndKey(t *testing.T) {
	mark := idempotency.RefusalMark(t.Context(), "/a", "k")
	for _, test := range []struct {
		mark, operation, key string
		want                 bool
	}{
		{mark, "/a", "k", true},
		{"other " + mark, "/a", "k", true},
		{mark, "/b", "k", false},
		{mark, "/a", "l", false},
		{mark, "/ak", "", false},
		{mark[1:], "/a", "k", false},
		{"", "/a", "k", false},
		{"IN_PROGRESS", "/a", "k", false},
		{idempotency.RefusalMark(t.Context(), "", "/ak"), "/a", "k", false},
	} {
		equal(t, test.mark+" for "+test.operation+" "+test.key, idempotency.HasRefusalMark(test.mark, test.operation, test.key), test.want)
	}
	equal(t, "mark of no key", idempotency.RefusalMark(t.Context(), "/a", ""), "")
	equal(t, "no key has a mark", idempotency.HasRefusalMark("", "/a", ""), false)
}

// TestRefusalMarkNamesTheGuardsAround that hold the same key, whatever their
// operation is called, and no others.
func TestRefusalMarkNamesTheGuardsAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		outside := request{"POST /pay", idempotency.Call{Key: "k"}}
		between := request{"POST /log", idempotency.Call{Key: "another"}}
		_, err := run(engine, t.Context(), outside, func(ctx context.Context) idempotency.Answer {
			_, err := run(engine, ctx, between, func(ctx context.Context) idempotency.Answer {
				refusal := engine.Operation(operation, idempotency.Policy{}).Refuse(ctx, "k", idempotency.ErrInProgress, nil)
				equal(t, "its own", idempotency.HasRefusalMark(refusal.Mark, operation, "k"), true)
				equal(t, "around", idempotency.HasRefusalMark(refusal.Mark, "POST /pay", "k"), true)
				equal(t, "another key", idempotency.HasRefusalMark(refusal.Mark, "POST /log", "another"), false)
				equal(t, "another key's operation", idempotency.HasRefusalMark(refusal.Mark, "POST /log", "k"), false)
				return idempotency.Answer{}
			})
			ok(t, err)
			return idempotency.Answer{}
		})
		ok(t, err)
	})
}

func TestEveryRefusalOfAKeyIsMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		starts(t, engine, payload("k", "one"), recording("paid"), 1)
		refusal := refusalOf(t, engine, payload("k", "two"), idempotency.ErrKeyReused)
		equal(t, "marked", idempotency.HasRefusalMark(refusal.Mark, operation, "k"), true)
		equal(t, "sentinel is marked", idempotency.ErrKeyReused.Mark, "")
	})
}

// TestRefusalMarkOfEverySpelling: engines around each other may have other rules
// for keys.
func TestRefusalMarkOfEverySpelling(t *testing.T) {
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
		mark := idempotency.RefusalMark(t.Context(), "/a", test.one)
		equal(t, test.one+" and "+test.other, idempotency.HasRefusalMark(mark, "/a", test.other), test.want)
	}
}

// TestMarkOfMalformedKey: a guard around, which takes the key, does not record
// that the one inside refused it.
func TestMarkOfMalformedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lenient := newEngine(t, openStore(t))
		strict := newEngine(t, openStore(t), idempotency.WithKeyRules(idempotency.KeyRules{UUID: true}))
		_, err := run(lenient, t.Context(), request{"POST /pay", idempotency.Call{Key: "k"}}, func(ctx context.Context) idempotency.Answer {
			_, err := strict.ParseKey(ctx, operation, idempotency.KeyDefault, []string{`"k"`})
			refusal, _ := errors.AsType[*idempotency.Error](err)
			equal(t, "its own", idempotency.HasRefusalMark(refusal.Mark, operation, "k"), true)
			equal(t, "around", idempotency.HasRefusalMark(refusal.Mark, "POST /pay", "k"), true)
			return idempotency.Answer{}
		})
		ok(t, err)
		_, err = strict.ParseKey(t.Context(), operation, idempotency.KeyDefault, []string{"a", "b"})
		refusal, _ := errors.AsType[*idempotency.Error](err)
		equal(t, "mark of two keys", refusal.Mark, "")
	})
}
