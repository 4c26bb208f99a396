package idempotency_test

import (
	"testing"
	"testing/synctest"

	"github.com/oncewire/idempotency"
)

// TestDoComparesRequests: one key means one payload.
func TestDoComparesRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		runs := 0
		do := func(payload string) error {
			call := idempotency.Call{Key: "k", Fingerprint: idempotency.NewFingerprint([]byte(payload))}
			_, err := engine.Do(t.Context(), operation, call, does(&runs, "paid", nil))
			return err
		}
		ok(t, do("pay 1"))
		ok(t, do("pay 1"))
		want(t, do("pay 2"), idempotency.ErrKeyReused)
		equal(t, "runs", runs, 1)
	})
}
