package otelidem_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/otelidem"
)

// claims observes a claim of each operation.
func claims(tb testing.TB, meter *meter, operations ...string) {
	tb.Helper()
	for _, name := range operations {
		meter.Observe(tb.Context(), idempotency.Event{Kind: idempotency.EventClaimed, Operation: name})
	}
}

// counted returns the data points of idempotency.calls.
func counted(tb testing.TB, meter *meter) (lines []string) {
	tb.Helper()
	for _, line := range meter.lines(tb) {
		if strings.HasPrefix(line, "calls{") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestNamesOfOperations(t *testing.T) {
	for operation, want := range map[string]string{
		"/bank.v1.Bank/Pay":     "/bank.v1.Bank/Pay",
		"POST /orders/4711":     "POST",
		"PATCH orders/4711":     "PATCH",
		"POST ":                 "POST",
		"settle":                "settle",
		"settle account 4711":   "settle",
		"":                      "_OTHER",
		" /orders":              "_OTHER",
		"_OTHER":                "_OTHER",
		"POST /a%20b?c=d /e /f": "POST",
	} {
		meter := newMeter(t)
		claims(t, meter, operation)
		got := counted(t, meter)
		if len(got) != 1 || got[0] != "calls{operation="+want+",outcome=claimed} 1" {
			t.Errorf("%q is counted as %q, want %q", operation, got, want)
		}
	}
}

// TestPathsAddNoSeries : clients can send any paths.
func TestPathsAddNoSeries(t *testing.T) {
	meter := newMeter(t)
	for i := range 10_000 {
		claims(t, meter, fmt.Sprintf("POST /orders/%d", i))
	}
	if got := counted(t, meter); len(got) != 1 || got[0] != "calls{operation=POST,outcome=claimed} 10000" {
		t.Errorf("got %q", got)
	}
}

// TestOperationsAreBounded : also if the function that names them does not.
func TestOperationsAreBounded(t *testing.T) {
	const limit, goroutines, calls = 10, 8, 1000
	whole := otelidem.WithOperationName(func(operation string) string { return operation })
	meter := newMeter(t, whole, otelidem.WithMaxOperations(limit))
	var running sync.WaitGroup
	for g := range goroutines {
		running.Go(func() {
			for i := range calls {
				claims(t, meter, fmt.Sprintf("POST /orders/%d", (i+g)%calls))
			}
		})
	}
	running.Wait()
	got := counted(t, meter)
	equal(t, "series", len(got), limit+1)
	rest := fmt.Sprintf("calls{operation=_OTHER,outcome=claimed} %d", goroutines*(calls-limit))
	if got[len(got)-1] != rest {
		t.Errorf("got %q, want %s as the last", got, rest)
	}
}

// TestDefaultMaxOperationsFitsTheSDK : the default number of operations, with every
// likely outcome, is within the SDK's own limit.
func TestDefaultMaxOperationsFitsTheSDK(t *testing.T) {
	meter := newMeter(t)
	for i := range otelidem.DefaultMaxOperations {
		name := fmt.Sprintf("/bank.v1.Bank/Method%d", i)
		for _, event := range []idempotency.Event{
			{Kind: idempotency.EventClaimed},
			{Kind: idempotency.EventTakenOver},
			{Kind: idempotency.EventReplayed},
			{Kind: idempotency.EventRefused, Reason: idempotency.ReasonInProgress},
			{Kind: idempotency.EventRefused, Reason: idempotency.ReasonKeyReused},
			{Kind: idempotency.EventRefused, Reason: idempotency.ReasonKeyInvalid},
			{Kind: idempotency.EventRefused, Reason: idempotency.ReasonStoreUnavailable},
		} {
			event.Operation = name
			meter.Observe(t.Context(), event)
		}
	}
	equal(t, "series", len(counted(t, meter)), 7*otelidem.DefaultMaxOperations)
}

func TestOwnNamesOfOperations(t *testing.T) {
	meter := newMeter(t, otelidem.WithOperationName(func(operation string) string {
		if strings.HasPrefix(operation, "POST /orders/") {
			return "POST /orders/{id}"
		}
		return ""
	}))
	claims(t, meter, "POST /orders/1", "POST /orders/2", "POST /elsewhere")
	got := strings.Join(counted(t, meter), "; ")
	equal(t, "counted", got, "calls{operation=POST /orders/{id},outcome=claimed} 2; calls{operation=_OTHER,outcome=claimed} 1")
}
