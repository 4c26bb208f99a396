package idempotency_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
)

// TestRefusalMarkNamesTheGuardsAround: those that hold the same key, with any
// name of their operation, and no others.
func TestRefusalMarkNamesTheGuardsAround(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		outside := request{idempotency.Call{Key: "k"}, "POST /pay"}
		between := request{idempotency.Call{Key: "another"}, "POST /log"}
		_, err := run(t.Context(), engine, outside, func(ctx context.Context) idempotency.Answer {
			_, err := run(ctx, engine, between, func(ctx context.Context) idempotency.Answer {
				refusal := engine.Operation(operation, idempotency.Policy{}).Refuse(ctx, "k", idempotency.ErrInProgress, nil)
				equal(t, "its own", mark.Matches(refusal.Mark, operation, "k"), true)
				equal(t, "around", mark.Matches(refusal.Mark, "POST /pay", "k"), true)
				equal(t, "another key", mark.Matches(refusal.Mark, "POST /log", "another"), false)
				equal(t, "another key's operation", mark.Matches(refusal.Mark, "POST /log", "k"), false)
				return idempotency.Answer{}
			})
			ok(t, err)
			return idempotency.Answer{}
		})
		ok(t, err)
	})
}

func TestOperationKnowsItsOwnMark(t *testing.T) {
	engine := newEngine(t, openStore(t))
	one, other := engine.Operation("/a", idempotency.Policy{}), engine.Operation("/b", idempotency.Policy{})
	text := one.RefusalMark(t.Context(), "k")
	equal(t, "its own", one.HasRefusalMark(text, `"k"`), true)
	equal(t, "another key", one.HasRefusalMark(text, "l"), false)
	equal(t, "another operation", other.HasRefusalMark(text, "k"), false)
	equal(t, "mark of no key", one.RefusalMark(t.Context(), ""), "")
}

func TestEveryRefusalOfAKeyIsMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		starts(t, engine, payload("k", "one"), recording("paid"), 1)
		refusal := refusalOf(t, engine, payload("k", "two"), idempotency.ErrKeyReused)
		equal(t, "marked", mark.Matches(refusal.Mark, operation, "k"), true)
		equal(t, "sentinel is marked", idempotency.ErrKeyReused.Mark, "")
	})
}

// TestMarkOfMalformedKey: a guard around, which takes the key, does not record
// that the one inside refused it.
func TestMarkOfMalformedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lenient := newEngine(t, openStore(t))
		strict := newEngine(t, openStore(t), idempotency.WithKeyRules(idempotency.KeyRules{UUID: true}))
		_, err := run(t.Context(), lenient, request{idempotency.Call{Key: "k"}, "POST /pay"}, func(ctx context.Context) idempotency.Answer {
			_, err := strict.Operation(operation, idempotency.Policy{}).ParseKey(ctx, []string{`"k"`})
			refusal, _ := errors.AsType[*idempotency.Error](err)
			equal(t, "its own", mark.Matches(refusal.Mark, operation, "k"), true)
			equal(t, "around", mark.Matches(refusal.Mark, "POST /pay", "k"), true)
			return idempotency.Answer{}
		})
		ok(t, err)
		_, err = strict.Operation(operation, idempotency.Policy{}).ParseKey(t.Context(), []string{"a", "b"})
		refusal, _ := errors.AsType[*idempotency.Error](err)
		equal(t, "mark of two keys", refusal.Mark, "")
	})
}
