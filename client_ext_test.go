package idempotency_test

import (
	"context"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/clientkey"
)

func TestNewKeysAreRandomUUIDs(t *testing.T) {
	engine := newEngine(t, openStore(t), idempotency.WithKeyRules(idempotency.KeyRules{UUID: true}))
	seen := map[string]bool{}
	for range 10_000 {
		key := idempotency.NewKey()
		isUUID(t, key, "4")
		if seen[key] {
			t.Fatalf("%s came twice", key)
		}
		seen[key] = true
		parsed, err := engine.Operation(operation, idempotency.Policy{}).ParseKey(t.Context(), []string{key})
		ok(t, err)
		equal(t, "key as a server reads it", parsed, key)
	}
}

func TestOutgoingKey(t *testing.T) {
	_, set := clientkey.From(t.Context())
	equal(t, "set", set, false)
	ctx := idempotency.WithKey(t.Context(), "outer")
	ctx = idempotency.WithKey(ctx, "inner")
	child, cancel := context.WithCancel(ctx)
	defer cancel()
	key, set := clientkey.From(child)
	equal(t, "set", set, true)
	equal(t, "key", key, "inner")
}

// TestIncomingKeyDoesNotGoOut: a handler's own calls are other operations.
func TestIncomingKeyDoesNotGoOut(t *testing.T) {
	engine := newEngine(t, openStore(t))
	within(t, engine, t.Context(), payment("k"), idempotency.Record, func(ctx context.Context) {
		_, set := clientkey.From(ctx)
		equal(t, "set", set, false)
	})
}
