package idempotency_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
)

func TestCheckFindsPoliciesForNothing(t *testing.T) {
	engine := newEngine(t, openStore(t),
		idempotency.WithPolicy("/bank.v1.Bank/Pay", idempotency.Policy{}),
		idempotency.WithPolicy("/bank.v1.Bank/Pya", idempotency.Policy{}),
		idempotency.WithPolicy("/bank.v1.*", idempotency.Policy{}),
		idempotency.WithPolicy("/bnak.*", idempotency.Policy{}),
		idempotency.WithPolicy("POST /v1/payments", idempotency.Policy{}),
	)
	err := engine.Check([]string{"/bank.v1.Bank/Pay", "/bank.v1.Bank/List"}, 0)
	if err == nil || strings.Count(err.Error(), "no such operation") != 2 ||
		!strings.Contains(err.Error(), `"/bank.v1.Bank/Pya"`) || !strings.Contains(err.Error(), `"/bnak.*"`) {
		t.Errorf("found %v", err)
	}
	ok(t, engine.Check(nil, 0))
}

func TestCheckFindsShortLeases(t *testing.T) {
	engine := newEngine(t, openStore(t),
		idempotency.WithPolicy("/bank.v1.Bank/Pay", idempotency.Policy{Lease: 10 * time.Second}),
		idempotency.WithPolicy("/bank.v1.Bank/Audit", idempotency.Policy{Lease: time.Hour}),
	)
	ok(t, engine.Check(nil, 10*time.Second))
	err := engine.Check(nil, time.Minute)
	if err == nil || strings.Count(err.Error(), "shorter") != 2 || !strings.Contains(err.Error(), `WithPolicy("*")`) || !strings.Contains(err.Error(), "Pay") {
		t.Errorf("found %v", err)
	}
}

// TestChecksOfAdapters: two adapters that add one check find a mistake once.
func TestChecksOfAdapters(t *testing.T) {
	engine := newEngine(t, openStore(t))
	find := func(operations []string) error { return fmt.Errorf("found in %q", operations) }
	engine.AddCheck("one", find)
	engine.AddCheck("one", find)
	engine.AddCheck("another", func([]string) error { return nil })
	if err := engine.Check([]string{"/bank.v1.Bank/Pay"}, 0); err == nil || err.Error() != `found in ["/bank.v1.Bank/Pay"]` {
		t.Errorf("found %v", err)
	}
}

func TestCredentialsWithoutScopeAreToldOnce(t *testing.T) {
	seen := new(events)
	engine := newEngine(t, openStore(t), idempotency.WithObserver(seen))
	pay := engine.Operation(operation, idempotency.Policy{})
	looked := 0
	present := func(yes bool) func() bool { return func() bool { looked++; return yes } }
	pay.WarnIfUnscoped(t.Context(), present(false))
	equal(t, "told of none", len(seen.of(idempotency.EventUnscoped)), 0)
	for range 3 {
		pay.WarnIfUnscoped(t.Context(), present(true))
	}
	equal(t, "looked", looked, 2)
	told := seen.of(idempotency.EventUnscoped)
	if len(told) != 1 || told[0].Operation != operation || !strings.Contains(told[0].Err.Error(), "WithScope") {
		t.Errorf("told %v", told)
	}

	scoped := newEngine(t, openStore(t), idempotency.WithObserver(seen),
		idempotency.WithScope(func(context.Context) (string, error) { return "", nil }))
	scoped.Operation(operation, idempotency.Policy{}).WarnIfUnscoped(t.Context(), present(true))
	equal(t, "looked", looked, 2)
	equal(t, "told", len(seen.of(idempotency.EventUnscoped)), 1)
}
