package otelidem_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/otelidem"
)

const second = time.Second

// observation is an event, and the data points and span that it results in.
type observation struct {
	event    idempotency.Event
	measures []string
	span     []string
}

var digest = backend.Key{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}

// on writes the attributes of a data point: those given, and the operation.
func on(attributes string) string {
	parts := append(strings.Fields(attributes), "operation="+operation)
	slices.Sort(parts) // error.type comes first in any case
	return "{" + strings.Join(parts, ",") + "}"
}

var observations = []observation{
	{
		event:    idempotency.Event{Kind: idempotency.EventClaimed, Attempt: 1, Took: second},
		measures: []string{"calls" + on("outcome=claimed") + " 1", "claims.running" + on("") + " 1", "store.duration" + on("store.step=claim") + " 1 1"},
		span:     []string{"idempotency.attempt=1", "idempotency.key_digest=0123456789ab", "idempotency.outcome=claimed", "idempotency.replayed=false"},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventTakenOver, Attempt: 2, Took: second},
		measures: []string{"calls" + on("outcome=taken_over") + " 1", "claims.running" + on("") + " 1", "store.duration" + on("store.step=claim") + " 1 1"},
		span: []string{
			"idempotency.attempt=2", "idempotency.key_digest=0123456789ab", "idempotency.outcome=taken_over", "idempotency.replayed=false",
			"event idempotency.taken_over",
		},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventReplayed, Attempt: 1},
		measures: []string{"calls" + on("outcome=replayed") + " 1"},
		span:     []string{"idempotency.attempt=1", "idempotency.key_digest=0123456789ab", "idempotency.outcome=replayed", "idempotency.replayed=true"},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventReplayed, Attempt: 1, Took: second},
		measures: []string{"calls" + on("outcome=replayed") + " 1", "wait.duration" + on("") + " 1 1"},
		span:     []string{"idempotency.attempt=1", "idempotency.key_digest=0123456789ab", "idempotency.outcome=replayed", "idempotency.replayed=true"},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventFailedOpen, Err: errDown},
		measures: []string{"calls" + on("outcome=failed_open") + " 1"},
		span: []string{
			"idempotency.key_digest=0123456789ab", "idempotency.outcome=failed_open", "idempotency.replayed=false",
			"event idempotency.failed_open",
		},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventRefused, Reason: idempotency.ReasonInProgress, Attempt: 1, Took: second},
		measures: []string{"calls" + on("error.type=in_progress outcome=refused") + " 1", "wait.duration" + on("") + " 1 1"},
		span: []string{
			"idempotency.attempt=1", "idempotency.key_digest=0123456789ab", "idempotency.outcome=refused",
			"idempotency.reason=in_progress", "idempotency.replayed=false",
		},
	},
	{
		event: idempotency.Event{Kind: idempotency.EventStoreError, Took: second, Err: errDown},
		measures: []string{
			"store.errors" + on("error.type=_OTHER store.step=claim") + " 1",
			"store.duration" + on("error.type=_OTHER store.step=claim") + " 1 1",
		},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventRan, Attempt: 1, Took: second},
		measures: []string{"claims.running" + on("") + " -1", "handler.duration" + on("") + " 1 1"},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventRecorded, Attempt: 1, Took: second},
		measures: []string{"claims.ended" + on("claim.end=recorded retried=false") + " 1", "store.duration" + on("store.step=finish") + " 1 1"},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventRecorded, Attempt: 1, Retried: true},
		measures: []string{"claims.ended" + on("claim.end=recorded retried=true") + " 1"},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventReleased, Attempt: 1, Took: second},
		measures: []string{"claims.ended" + on("claim.end=released retried=false") + " 1", "store.duration" + on("store.step=finish") + " 1 1"},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventAbandoned, Attempt: 1, Took: second},
		measures: []string{"claims.ended" + on("claim.end=abandoned retried=false") + " 1", "store.duration" + on("store.step=finish") + " 1 1"},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventLeaseLost, Attempt: 1, Err: backend.ErrClaimLost},
		measures: []string{"claims.ended" + on("claim.end=lease_lost retried=false") + " 1"},
		span:     []string{"event idempotency.lease_lost"},
	},
	{
		event: idempotency.Event{Kind: idempotency.EventFinishFailed, Attempt: 1, Took: second, Err: errDown},
		measures: []string{
			"store.errors" + on("error.type=_OTHER store.step=finish") + " 1",
			"store.duration" + on("error.type=_OTHER store.step=finish") + " 1 1",
		},
		span: []string{"event idempotency.finish_failed error.type=_OTHER"},
	},
	{
		event:    idempotency.Event{Kind: idempotency.EventFinishDropped, Attempt: 1},
		measures: []string{"claims.ended" + on("claim.end=finish_dropped retried=false") + " 1"},
	},
	{
		event: idempotency.Event{Kind: idempotency.EventCommitFailed, Attempt: 1, Took: second, Err: errDown},
		measures: []string{
			"claims.ended" + on("claim.end=commit_failed retried=false") + " 1",
			"store.errors" + on("error.type=_OTHER store.step=finish") + " 1",
			"store.duration" + on("error.type=_OTHER store.step=finish") + " 1 1",
		},
		span: []string{"event idempotency.commit_failed error.type=_OTHER"},
	},
	{
		event: idempotency.Event{Kind: idempotency.EventUnscoped, Err: errDown},
		span:  []string{"event idempotency.unscoped"},
	},
}

func TestEveryEvent(t *testing.T) {
	kinds := map[idempotency.EventKind]bool{}
	for _, s := range observations {
		kinds[s.event.Kind] = true
		t.Run(fmt.Sprint(s.event.Kind, s.event.Retried, s.event.Took), func(t *testing.T) {
			meter := newMeter(t)
			s.event.Operation, s.event.Key = operation, digest
			span := traced(t, func(ctx context.Context) { meter.Observe(ctx, s.event) })
			meter.measured(t, s.measures...)
			if got := spanLines(span); !slices.Equal(got, s.span) {
				t.Errorf("the span has %q, want %q", got, s.span)
			}
		})
	}
	equal(t, "kinds seen", len(kinds), int(idempotency.EventUnscoped))
}

// TestRareEventsAreCountedFromZero : so that the first one is an increase.
func TestRareEventsAreCountedFromZero(t *testing.T) {
	meter := newMeter(t)
	meter.Observe(t.Context(), idempotency.Event{Kind: idempotency.EventReplayed, Operation: operation})
	want := []string{
		"calls" + on("outcome=replayed") + " 1",
		"claims.ended" + on("claim.end=finish_dropped retried=false") + " 0",
		"claims.ended" + on("claim.end=lease_lost retried=false") + " 0",
	}
	if got := meter.lines(t); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnknownKindIsIgnored(t *testing.T) {
	meter := newMeter(t)
	meter.Observe(t.Context(), idempotency.Event{Kind: 255})
	meter.measured(t)
}

func TestRefusalBeforeTheKeyIsKnown(t *testing.T) {
	meter := newMeter(t)
	event := idempotency.Event{Kind: idempotency.EventRefused, Operation: operation, Reason: idempotency.ReasonKeyInvalid}
	span := traced(t, func(ctx context.Context) { meter.Observe(ctx, event) })
	meter.measured(t, "calls"+on("error.type=key_invalid outcome=refused")+" 1")
	want := []string{"idempotency.outcome=refused", "idempotency.reason=key_invalid", "idempotency.replayed=false"}
	if got := spanLines(span); !slices.Equal(got, want) {
		t.Errorf("the span has %q, want %q", got, want)
	}
}

// TestErrorsFallIntoClasses : their texts differ for every host.
func TestErrorsFallIntoClasses(t *testing.T) {
	for want, err := range map[string]error{
		"timeout":      fmt.Errorf("claim: %w", context.DeadlineExceeded),
		"canceled":     fmt.Errorf("claim: %w", context.Canceled),
		"store_full":   backend.ErrFull,
		"store_closed": backend.ErrClosed,
		"corrupt":      fmt.Errorf("%w: 3 bytes", backend.ErrCorrupt),
		"_OTHER":       &net.OpError{Op: "dial", Err: errDown},
	} {
		meter := newMeter(t)
		meter.Observe(t.Context(), idempotency.Event{Kind: idempotency.EventStoreError, Operation: operation, Err: err})
		class := on("error.type=" + want + " store.step=claim")
		meter.measured(t, "store.errors"+class+" 1", "store.duration"+class+" 1 0")
	}
	meter := newMeter(t)
	slow := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	meter.Observe(t.Context(), idempotency.Event{Kind: idempotency.EventStoreError, Operation: operation, Err: slow})
	class := on("error.type=timeout store.step=claim")
	meter.measured(t, "store.errors"+class+" 1", "store.duration"+class+" 1 0")
}

func TestAttributesAreOnEveryMeasurement(t *testing.T) {
	meter := newMeter(t, otelidem.WithAttributes(attribute.String("engine", "edge")))
	for _, s := range observations {
		meter.Observe(t.Context(), s.event)
	}
	for _, line := range meter.lines(t) {
		if !strings.Contains(line, "engine=edge") {
			t.Errorf("no engine in %s", line)
		}
	}
}
