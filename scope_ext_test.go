package idempotency_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/oncewire/idempotency"
)

// tenantOf is a scope function; a missing tenant is an error.
func tenantOf(ctx context.Context) (string, error) {
	tenant, known := ctx.Value(tenantKey{}).(string)
	if !known {
		return "", errors.New("no session in redis-7.internal")
	}
	return tenant, nil
}

// as returns an engine's Run for a tenant.
func as(tb testing.TB, engine *idempotency.Engine, tenant, answer string) idempotency.Result {
	tb.Helper()
	result, err := run(context.WithValue(tb.Context(), tenantKey{}, tenant), engine, payment("k"), recording(answer).run)
	ok(tb, err)
	return result
}

func TestScopesNeverMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), idempotency.WithScope(tenantOf))
		tenants := []string{"acme", "ACME", "acme ", "", "acme/bank.v1.Bank/Pay", "\x04acme"}
		for _, tenant := range tenants {
			if result := as(t, engine, tenant, "for "+tenant); result.Replayed {
				t.Errorf("%q got another's %q", tenant, result.Outcome)
			}
		}
		for _, tenant := range tenants {
			result := as(t, engine, tenant, "again")
			equal(t, "replayed", result.Replayed, true)
			equal(t, "outcome", string(result.Outcome), "for "+tenant)
		}
	})
}

// TestAnotherScopesKeyCannotBeProbed: neither a conflict nor a block tells a
// tenant which keys another one uses.
func TestAnotherScopesKeyCannotBeProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), idempotency.WithScope(tenantOf))
		as(t, engine, "acme", "done")
		call := payload("k", "other")
		ctx := context.WithValue(t.Context(), tenantKey{}, "evil")
		result, err := run(ctx, engine, call, recording("mine").run)
		ok(t, err)
		equal(t, "outcome", string(result.Outcome), "mine")
	})
}

func TestUnknownScopeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &events{}
		store := openStore(t)
		engine := newEngine(t, store, idempotency.WithScope(tenantOf), idempotency.WithFailOpen(), idempotency.WithObserver(seen))
		refusal := refusalOf(t, engine, payment("k"), idempotency.ErrScopeUnknown)
		if strings.Contains(refusal.Detail(), "redis") || !strings.Contains(refusal.Error(), "redis") {
			t.Errorf("a client reads %q, the operator %q", refusal.Detail(), refusal.Error())
		}
		equal(t, "records", store.Len(), 0)
		equal(t, "refusals", len(seen.of(idempotency.EventRefused)), 1)
	})
}

func TestScopeIsNotAskedWithoutAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), idempotency.WithScope(tenantOf))
		_, err := run(t.Context(), engine, payment(""), recording("paid").run)
		ok(t, err)
	})
}

func TestNamespacesNeverMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		for _, namespace := range []string{"", "a", "b", "a/bank.v1.Bank/Pay"} {
			engine := newEngine(t, store, idempotency.WithNamespace(namespace))
			starts(t, engine, payment("k"), recording("in "+namespace), 1)
			replays(t, engine, payment("k"), "in "+namespace)
			same := newEngine(t, store, idempotency.WithNamespace(namespace))
			replays(t, same, payment("k"), "in "+namespace)
		}
	})
}

func TestScopeFromContext(t *testing.T) {
	engine := newEngine(t, openStore(t), idempotency.WithScope(idempotency.ScopeFromContext))
	_, err := run(t.Context(), engine, payment("k"), recording("paid").run)
	want(t, err, idempotency.ErrScopeUnknown)
	for _, scope := range []string{"acme", "emca", ""} {
		result, err := run(idempotency.ContextWithScope(context.Background(), scope), engine, payment("k"), recording("paid").run)
		ok(t, err)
		equal(t, scope+" meets another's key", result.Replayed, false)
	}
}
