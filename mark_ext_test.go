package idempotency_test

import (
	"context"
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
		outside := idempotency.Call{Operation: "POST /pay", Key: "k"}
		between := idempotency.Call{Operation: "POST /log", Key: "another"}
		_, err := engine.Run(t.Context(), outside, func(ctx context.Context) idempotency.Answer {
			_, err := engine.Run(ctx, between, func(ctx context.Context) idempotency.Answer {
				refusal := engine.Refuse(ctx, payment("k"), idempotency.ErrInProgress, nil)
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
