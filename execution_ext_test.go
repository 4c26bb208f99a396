package idempotency_test

import (
	"context"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
)

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// isUUID requires the text to be a UUID of the version.
func isUUID(tb testing.TB, text, version string) {
	tb.Helper()
	if found := uuidForm.FindStringSubmatch(text); found == nil || found[1] != version {
		tb.Errorf("%q is no UUID of version %s", text, version)
	}
}

// within runs a call and looks around in its handler.
func within(tb testing.TB, engine *idempotency.Engine, ctx context.Context, call request, verdict idempotency.Verdict, look func(context.Context)) { //nolint:revive // the test comes first
	tb.Helper()
	ran := false
	_, err := run(ctx, engine, call, func(ctx context.Context) idempotency.Answer {
		ran = true
		look(ctx)
		return idempotency.Answer{Verdict: verdict}
	})
	ok(tb, err)
	equal(tb, "ran", ran, true)
}

func TestHandlerSeesItsClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), idempotency.WithScope(tenantOf))
		ctx := context.WithValue(t.Context(), tenantKey{}, "acme")
		tokens := map[string]bool{}
		for attempt := 1; attempt <= 3; attempt++ {
			within(t, engine, ctx, payment("k"), idempotency.Abandon, func(ctx context.Context) {
				seen, guarded := idempotency.FromContext(ctx)
				equal(t, "guarded", guarded, true)
				equal(t, "length of the token", len(seen.Token), 32)
				tokens[seen.Token] = true
				equal(t, "operation", seen.Operation, operation)
				equal(t, "key", seen.Key, "k")
				equal(t, "scope", seen.Scope, "acme")
				equal(t, "attempt", seen.Attempt, attempt)
				equal(t, "recovered", seen.Recovered, attempt > 1)
				equal(t, "tenant", ctx.Value(tenantKey{}), any("acme"))
			})
		}
		equal(t, "tokens", len(tokens), 3)
	})
}

func TestNoClaimIsSeenOutside(t *testing.T) {
	seen, guarded := idempotency.FromContext(t.Context())
	equal(t, "guarded", guarded, false)
	equal(t, "execution", seen, idempotency.Execution{})
	equal(t, "key", seen.DeriveKey("charge"), "")
	seen.NoEffect() // neither panics
	seen.ShortenRetention(time.Second)
}

func TestClaimIsSeenThroughContextsMadeOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		within(t, engine, t.Context(), payment("k"), idempotency.Record, func(ctx context.Context) {
			ctx, cancel := context.WithCancel(context.WithoutCancel(context.WithValue(ctx, tenantKey{}, "acme")))
			defer cancel()
			seen, _ := idempotency.FromContext(ctx)
			equal(t, "key", seen.Key, "k")
		})
	})
}

func TestInnermostClaimIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		within(t, engine, t.Context(), payment("outer"), idempotency.Record, func(ctx context.Context) {
			within(t, engine, ctx, payment("inner"), idempotency.Record, func(ctx context.Context) {
				seen, _ := idempotency.FromContext(ctx)
				equal(t, "key", seen.Key, "inner")
			})
			seen, _ := idempotency.FromContext(ctx)
			equal(t, "key", seen.Key, "outer")
		})
	})
}

func TestDerivedKeyIsStableAcrossAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := map[string]int{}
		store := openStore(t)
		for range 3 {
			engine := newEngine(t, store) // another process
			within(t, engine, t.Context(), payment("k"), idempotency.Abandon, func(ctx context.Context) {
				for range 2 {
					key := executionOf(ctx).DeriveKey("charge")
					isUUID(t, key, "8")
					keys[key]++
				}
			})
		}
		equal(t, "different keys", len(keys), 1)
	})
}

// TestDerivedKeysDiffer wherever one thing differs that the caller means.
func TestDerivedKeysDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := map[string]string{}
		derive := func(what, tenant, name string, call request, options ...idempotency.Option) {
			engine := newEngine(t, openStore(t), append(options, idempotency.WithScope(tenantOf))...)
			ctx := context.WithValue(t.Context(), tenantKey{}, tenant)
			within(t, engine, ctx, call, idempotency.Record, func(ctx context.Context) {
				key := executionOf(ctx).DeriveKey(name)
				isUUID(t, key, "8")
				if other, same := keys[key]; same {
					t.Errorf("%s and %s derive one key", what, other)
				}
				keys[key] = what
			})
		}
		derive("plain", "acme", "charge", payment("k"))
		derive("other name", "acme", "refund", payment("k"))
		derive("no name", "acme", "", payment("k"))
		derive("other scope", "evil", "charge", payment("k"))
		derive("other key", "acme", "charge", payment("l"))
		derive("other operation", "acme", "charge", request{idempotency.Call{Key: "k"}, "/bank.v1.Bank/Refund"})
		derive("other namespace", "acme", "charge", payment("k"), idempotency.WithNamespace("b"))
	})
}
