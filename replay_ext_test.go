package idempotency_test

import (
	"context"
	"errors"
	"testing"

	"github.com/oncewire/idempotency"
)

func TestReplayNeedsAuthorization(t *testing.T) {
	errRevoked := errors.New("user 17 left the team")
	var asked []idempotency.Execution
	allowed := false
	authorize := func(_ context.Context, replay idempotency.Execution) error {
		asked = append(asked, replay)
		if allowed {
			return nil
		}
		return errRevoked
	}
	seen := new(events)
	engine := newEngine(t, openStore(t), idempotency.WithReplayAuthorizer(authorize), idempotency.WithObserver(seen),
		idempotency.WithScope(func(context.Context) (string, error) { return "acme", nil }))
	starts(t, engine, payment("k"), recording("paid"), 1)
	equal(t, "asked about a first call", len(asked), 0)

	refusal := refusalOf(t, engine, payment("k"), idempotency.ErrReplayDenied)
	want(t, refusal, errRevoked)
	equal(t, "asked", asked[0], idempotency.Execution{Operation: operation, Key: "k", Scope: "acme", Attempt: 1})
	equal(t, "replays seen", len(seen.of(idempotency.EventReplayed)), 0)

	allowed = true
	replays(t, engine, payment("k"), "paid")
}

// TestAuthorizerIsNotAskedAboutAnotherRequest, which gets no answer anyway.
func TestAuthorizerIsNotAskedAboutAnotherRequest(t *testing.T) {
	engine := newEngine(t, openStore(t), idempotency.WithReplayAuthorizer(func(context.Context, idempotency.Execution) error {
		t.Error("asked")
		return nil
	}))
	starts(t, engine, payload("k", "one"), recording("paid"), 1)
	refused(t, engine, payload("k", "two"), idempotency.ErrKeyReused)
}
