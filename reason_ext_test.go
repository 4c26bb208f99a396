package idempotency_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

// refusals are all there are, with what each tells a client to do.
var refusals = map[*idempotency.Error]idempotency.Next{
	idempotency.ErrInProgress:      idempotency.NextRetrySameKey,
	idempotency.ErrOutcomeUnknown:  idempotency.NextAskOperator,
	idempotency.ErrOutcomeNotKept:  idempotency.NextAskOperator,
	idempotency.ErrKeyReused:       idempotency.NextUseNewKey,
	idempotency.ErrKeyInvalid:      idempotency.NextFixRequest,
	idempotency.ErrKeyMissing:      idempotency.NextFixRequest,
	idempotency.ErrStore:           idempotency.NextRetrySameKey,
	idempotency.ErrScopeUnknown:    idempotency.NextFixRequest,
	idempotency.ErrRequestTooLarge: idempotency.NextFixRequest,
	idempotency.ErrNotSupported:    idempotency.NextFixRequest,
	idempotency.ErrReplayDenied:    idempotency.NextAskOperator,

	idempotency.ErrOutcomeUnreadable: idempotency.NextAskOperator,
	idempotency.ErrRequestUnreadable: idempotency.NextFixRequest,
	idempotency.ErrRolledBack:        idempotency.NextRetrySameKey,
	idempotency.ErrCommitUnknown:     idempotency.NextRetrySameKey,
}

// TestReasonsAreThoseOfTheSchema, all of them and no other.
func TestReasonsAreThoseOfTheSchema(t *testing.T) {
	ours := map[string]bool{}
	for refusal := range refusals {
		name := "REASON_" + string(refusal.Reason)
		ours[name] = true
		if number, known := idempotencyv1.Reason_value[name]; !known || number == 0 {
			t.Errorf("%s is not in the schema", name)
		}
	}
	for name, number := range idempotencyv1.Reason_value {
		if number != 0 && !ours[name] {
			t.Errorf("%s of the schema has no error", name)
		}
	}
	equal(t, "reasons", len(ours), len(refusals))
}

func TestEveryReasonGuides(t *testing.T) {
	titles := map[string]bool{}
	for refusal, next := range refusals {
		equal(t, string(refusal.Reason), refusal.Next(), next)
		if refusal.Title() == "" || titles[refusal.Title()] {
			t.Errorf("%s has no title of its own: %q", refusal.Reason, refusal.Title())
		}
		titles[refusal.Title()] = true
		if !strings.HasSuffix(refusal.Detail(), ".") {
			t.Errorf("%s has no sentence: %q", refusal.Reason, refusal.Detail())
		}
		equal(t, "text", refusal.Error(), "idempotency: "+refusal.Detail())
		equal(t, "retry after", refusal.RetryAfter, 0)
		ok(t, refusal.Unwrap())
	}
}

// TestReasonOfANewerServerGuides by what the server advises, or else by whether it
// says when to retry.
func TestReasonOfANewerServerGuides(t *testing.T) {
	refusal := &idempotency.Error{Reason: "QUOTA_EXCEEDED"}
	equal(t, "next", refusal.Next(), idempotency.NextAskOperator)
	equal(t, "text", refusal.Error(), "idempotency: refused: QUOTA_EXCEEDED")
	refusal.RetryAfter = time.Second
	equal(t, "next with a time", refusal.Next(), idempotency.NextRetrySameKey)
	for _, next := range []idempotency.Next{
		idempotency.NextRetrySameKey, idempotency.NextUseNewKey, idempotency.NextFixRequest, idempotency.NextAskOperator,
	} {
		refusal.Advised = next
		equal(t, "next as advised", refusal.Next(), next)
	}
	refusal.Advised = "wait_a_day"
	equal(t, "next as a still newer server advises", refusal.Next(), idempotency.NextRetrySameKey)
	known := &idempotency.Error{Reason: idempotency.ReasonKeyReused, Advised: idempotency.NextRetrySameKey}
	equal(t, "next of a known reason", known.Next(), idempotency.NextUseNewKey)
}

func TestRefusalsMatchByReason(t *testing.T) {
	for one := range refusals {
		for other := range refusals {
			equal(t, string(one.Reason+" is "+other.Reason), errors.Is(one, other), one == other)
		}
		equal(t, "is a cause", errors.Is(one, errDown), false)
	}
}

// TestAdapterRefuses with a refusal of its own, observed like the engine's.
func TestAdapterRefuses(t *testing.T) {
	for sentinel, next := range refusals {
		seen := &events{}
		engine := newEngine(t, openStore(t), idempotency.WithObserver(seen), all(idempotency.Policy{RetryAfter: 3 * time.Second}))
		refusal := engine.Operation(operation, idempotency.Policy{}).Refuse(t.Context(), "", sentinel, errDown)
		want(t, refusal, sentinel)
		want(t, refusal, errDown)
		ok(t, sentinel.Unwrap()) // the shared value does not change
		if strings.Contains(refusal.Detail(), "redis") {
			t.Errorf("a client reads %q", refusal.Detail())
		}
		equal(t, "tells when to retry", refusal.RetryAfter == 3*time.Second, next == idempotency.NextRetrySameKey)
		equal(t, "events", len(seen.list()), 1)
		equal(t, "event", seen.list()[0], idempotency.Event{
			Kind: idempotency.EventRefused, Operation: operation, Reason: sentinel.Reason, Err: errDown,
		})
		ok(t, engine.Operation(operation, idempotency.Policy{}).Refuse(t.Context(), "", sentinel, nil).Unwrap())
	}
}

func TestClaimLostIsTheStores(t *testing.T) {
	want(t, idempotency.ErrClaimLost, backend.ErrClaimLost)
}
