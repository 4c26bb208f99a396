package idempotency_test

import (
	"cmp"
	"context"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
)

func TestMostSpecificPolicyWins(t *testing.T) {
	engine := newEngine(t, openStore(t),
		all(idempotency.Policy{Retention: 7 * time.Hour}),
		idempotency.WithPolicy("/bank.v1.Bank/*", idempotency.Policy{Lease: 2 * time.Second}),
		idempotency.WithPolicy("/*", idempotency.Policy{Lease: time.Second, Retention: time.Hour}),
		idempotency.WithPolicy("/bank.v1.Bank/Pay", idempotency.Policy{Lease: 3 * time.Second}),
	)
	for operation, want := range map[string]idempotency.Policy{
		"/bank.v1.Bank/Pay":    {Lease: 3 * time.Second, Retention: 7 * time.Hour},
		"/bank.v1.Bank/PayAll": {Lease: 2 * time.Second, Retention: 7 * time.Hour},
		"/bank.v1.Banker/Pay":  {Lease: time.Second, Retention: time.Hour},
		"POST /v1/payments":    {Lease: lease, Retention: 7 * time.Hour},
	} {
		got := engine.Operation(operation, idempotency.Policy{}).Policy()
		equal(t, operation+": lease", got.Lease, want.Lease)
		equal(t, operation+": retention", got.Retention, want.Retention)
	}
}

func TestKeyMode(t *testing.T) {
	const (
		byDefault, optional, required, ignored = idempotency.KeyDefault, idempotency.KeyOptional, idempotency.KeyRequired, idempotency.KeyIgnored
	)
	engine := newEngine(t, openStore(t),
		all(idempotency.Policy{Key: idempotency.KeyRequired}),
		idempotency.WithPolicy("/bank.v1.Bank/*", idempotency.Policy{Key: required}),
		idempotency.WithPolicy("/bank.v1.Bank/Pay", idempotency.Policy{Key: optional}),
		idempotency.WithPolicy("/bank.v1.Bank/Audit", idempotency.Policy{Lease: time.Minute}),
		idempotency.WithPolicy("/metrics.*", idempotency.Policy{Key: ignored}),
	)
	for _, test := range []struct {
		operation    string
		schema, want idempotency.KeyMode
	}{
		{"/other.Service/Do", byDefault, required},
		{"/other.Service/Do", optional, optional},
		{"/other.Service/List", ignored, ignored},
		{"/bank.v1.Bank/Refund", byDefault, required},
		{"/bank.v1.Bank/List", ignored, ignored}, // a policy for all asks nothing of what changes nothing
		{"/bank.v1.Bank/Pay", byDefault, optional},
		{"/bank.v1.Bank/Pay", required, optional},
		{"/bank.v1.Bank/Audit", ignored, ignored},
		{"/metrics.v1.Metrics/Push", byDefault, ignored},
	} {
		equal(t, test.operation, engine.Operation(test.operation, idempotency.Policy{Key: test.schema}).Policy().Key, test.want)
	}
}

func TestRequiresKeys(t *testing.T) {
	required := idempotency.Policy{Key: idempotency.KeyRequired}
	for name, test := range map[string]struct {
		options []idempotency.Option
		want    bool
	}{
		"nothing said":     {nil, false},
		"all required":     {[]idempotency.Option{all(idempotency.Policy{Key: idempotency.KeyRequired})}, true},
		"one required":     {[]idempotency.Option{idempotency.WithPolicy("/a/B", required)}, true},
		"some required":    {[]idempotency.Option{idempotency.WithPolicy("/a/*", required)}, true},
		"another is named": {[]idempotency.Option{idempotency.WithPolicy("/a/B", idempotency.Policy{Key: idempotency.KeyIgnored})}, false},
	} {
		equal(t, name, newEngine(t, openStore(t), test.options...).Operation("*", idempotency.Policy{}).RequiresKey(), test.want)
	}
}

// TestPolicyIsKept runs calls under policies that differ in everything.
func TestPolicyIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t),
			idempotency.WithPolicy(operation, idempotency.Policy{
				Lease: time.Second, Retention: time.Minute, Wait: 5 * time.Second, OnAbandoned: idempotency.Reject,
			}),
			idempotency.WithPolicy("patient", idempotency.Policy{Wait: -1}),
			all(idempotency.Policy{Wait: time.Minute}),
		)
		starts(t, engine, payment("short"), recording("paid"), 1)
		time.Sleep(time.Minute + time.Second)
		starts(t, engine, payment("short"), recording("again"), 1)

		starts(t, engine, payment("unknown"), abandoning(), 1)
		refused(t, engine, payment("unknown"), idempotency.ErrOutcomeUnknown)

		long := hold(t, engine, payment("waiting"))
		start := time.Now()
		refused(t, engine, payment("waiting"), idempotency.ErrInProgress)
		equal(t, "waited", time.Since(start), 5*time.Second)
		long.end(recording("done").answer)

		impatient := hold(t, engine, request{idempotency.Call{Key: "k"}, "patient"})
		start = time.Now()
		refused(t, engine, request{idempotency.Call{Key: "k"}, "patient"}, idempotency.ErrInProgress)
		equal(t, "waited", time.Since(start), 0)
		impatient.end(recording("done").answer)
	})
}

func TestBadPolicies(t *testing.T) {
	for name, option := range map[string]idempotency.Option{
		"no operation": idempotency.WithPolicy("", idempotency.Policy{}),
		"at the end":   idempotency.WithPolicy("/a/*/b", idempotency.Policy{}),
		"lease":        idempotency.WithPolicy("/a", idempotency.Policy{Lease: -1}),
		"retention":    idempotency.WithPolicy("/a", idempotency.Policy{Retention: -1}),
		"key mode":     idempotency.WithPolicy("/a", idempotency.Policy{Key: 9}),
		"abandon":      idempotency.WithPolicy("/a", idempotency.Policy{OnAbandoned: 9}),
		"limit":        idempotency.WithPolicy("/a", idempotency.Policy{MaxResponse: -1}),
		"verdict":      idempotency.WithPolicy("/a", idempotency.Policy{Verdicts: map[int]idempotency.Verdict{5: 9}}),
	} {
		if _, err := idempotency.New(openStore(t), option); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want an error that names it", name, err)
		}
	}
	twice := idempotency.WithPolicy("/a", idempotency.Policy{})
	if _, err := idempotency.New(openStore(t), twice, twice); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("given twice: got %v", err)
	}
}

func TestHandlerAsksNotToBeRecorded(t *testing.T) {
	engine := newEngine(t, openStore(t))
	runs := 0
	call := func() idempotency.Result {
		result, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			runs++
			executionOf(ctx).NoEffect()
			return recording("nothing done").answer
		})
		ok(t, err)
		return result
	}
	for n := range 2 {
		equal(t, "outcome", string(call().Outcome), "nothing done")
		equal(t, "runs", runs, n+1)
	}
}

func TestHandlerAsksForAShorterRetention(t *testing.T) {
	for shorter, retained := range map[time.Duration]time.Duration{
		time.Minute:      time.Minute,
		1000 * time.Hour: idempotency.DefaultRetention,
		-time.Second:     idempotency.DefaultRetention,
	} {
		synctest.Test(t, func(t *testing.T) {
			engine := newEngine(t, openStore(t))
			_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
				executionOf(ctx).ShortenRetention(shorter)
				return recording("paid").answer
			})
			ok(t, err)
			time.Sleep(retained - time.Millisecond)
			replays(t, engine, payment("k"), "paid")
			time.Sleep(2 * time.Millisecond)
			starts(t, engine, payment("k"), recording("again"), 1)
		})
	}
}

// TestNoEffectReachesOuterLayers: what the handler of an inner layer does not want
// recorded is not recorded by the layer around it either.
func TestNoEffectReachesOuterLayers(t *testing.T) {
	outer, inner := newEngine(t, openStore(t)), newEngine(t, openStore(t))
	runs := 0
	for range 2 {
		_, err := run(t.Context(), outer, payment("k"), func(ctx context.Context) idempotency.Answer {
			result, err := run(ctx, inner, payment("k"), func(ctx context.Context) idempotency.Answer {
				runs++
				executionOf(ctx).NoEffect()
				return recording("nothing").answer
			})
			ok(t, err)
			return idempotency.Answer{Verdict: idempotency.Record, Outcome: result.Outcome}
		})
		ok(t, err)
	}
	equal(t, "runs", runs, 2)
}

// TestSchemaSetsPolicy: for every field, the policy of the very operation applies
// before the schema, the schema before a policy of several operations, and that
// before the policy of all.
func TestSchemaSetsPolicy(t *testing.T) {
	level := func(n int) idempotency.Policy {
		return idempotency.Policy{
			Key:         idempotency.KeyMode(1 + n%3),
			Lease:       time.Duration(n) * time.Minute,
			Retention:   time.Duration(n) * time.Hour,
			Wait:        time.Duration(n) * time.Second,
			OnAbandoned: idempotency.AbandonPolicy(1 + n%2),
			RetryAfter:  time.Duration(n) * 2 * time.Second,
			Detached:    time.Duration(n) * 3 * time.Second,
			Verdicts:    map[int]idempotency.Verdict{n: idempotency.Record},
			MaxRequest:  int64(n), MaxResponse: int64(10 * n),
			MaxMessages: 20 * n,
		}
	}
	all, several, exact, schema, none := level(1), level(2), level(3), level(4), idempotency.Policy{}
	engine := newEngine(t, openStore(t),
		idempotency.WithPolicy("*", all),
		idempotency.WithPolicy("/bank.v1.Bank/*", several),
		idempotency.WithPolicy("/bank.v1.Bank/Pay", exact),
		idempotency.WithPolicy("/bank.v1.Bank/Audit", none),
		idempotency.WithPolicy("/shop.v1.*", none),
	)
	for _, test := range []struct {
		operation    string
		schema, want idempotency.Policy
	}{
		{"/bank.v1.Bank/Pay", schema, exact},
		{"/bank.v1.Bank/Pay", none, exact},
		{"/bank.v1.Bank/Audit", schema, schema},
		{"/bank.v1.Bank/Audit", none, all},
		{"/bank.v1.Bank/Refund", schema, schema},
		{"/bank.v1.Bank/Refund", none, several},
		{"/shop.v1.Shop/Buy", schema, schema},
		{"/shop.v1.Shop/Buy", none, all},
		{"POST /v1/payments", schema, schema},
		{"POST /v1/payments", none, all},
		{"*", none, all},
	} {
		got := engine.Operation(test.operation, test.schema).Policy()
		if !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%s: got %+v, want %+v", test.operation, *got, test.want)
		}
	}
	// A field that a level does not set comes from the next level that sets it.
	for field, schema := range map[string]idempotency.Policy{"key": {Key: idempotency.KeyIgnored}, "wait": {Wait: -1}} {
		want := several
		want.Key, want.Wait = cmp.Or(schema.Key, want.Key), cmp.Or(schema.Wait, want.Wait)
		if got := engine.Operation("/bank.v1.Bank/Refund", schema).Policy(); !reflect.DeepEqual(*got, want) {
			t.Errorf("schema with %s: got %+v, want %+v", field, *got, want)
		}
	}
}

func TestOperationWithoutSchemaNeedsNoMemory(t *testing.T) {
	engine := newEngine(t, openStore(t), idempotency.WithPolicy("/bank.v1.*", idempotency.Policy{Lease: time.Minute}))
	var pay idempotency.Operation
	if n := testing.AllocsPerRun(100, func() { pay = engine.Operation(operation, idempotency.Policy{}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	equal(t, "name", pay.Name(), operation)
}
