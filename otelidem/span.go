package otelidem

import (
	"encoding/hex"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
)

// annotate adds an event to the span of its call: the outcome as attributes, and
// what operators search for as span events.
func annotate(span trace.Span, event *idempotency.Event) {
	switch event.Kind {
	case idempotency.EventClaimed, idempotency.EventReplayed, idempotency.EventRefused:
		span.SetAttributes(callAttributes(event)...)
	case idempotency.EventTakenOver, idempotency.EventFailedOpen:
		span.SetAttributes(callAttributes(event)...)
		span.AddEvent("idempotency." + event.Kind.String())
	case idempotency.EventLeaseLost, idempotency.EventUnscoped:
		span.AddEvent("idempotency." + event.Kind.String())
	case idempotency.EventFinishFailed, idempotency.EventCommitFailed:
		span.AddEvent("idempotency."+event.Kind.String(), trace.WithAttributes(errorTypeKey.String(errorType(event.Err))))
	default: // the others lead to one of these, or happen after the call
	}
}

func callAttributes(event *idempotency.Event) []attribute.KeyValue {
	attributes := make([]attribute.KeyValue, 0, 5)
	attributes = append(attributes,
		outcomeKey.String(event.Kind.String()),
		replayedKey.Bool(event.Kind == idempotency.EventReplayed))
	if event.Kind == idempotency.EventRefused {
		attributes = append(attributes, reasonKey.String(reason(event)))
	}
	if event.Attempt > 0 {
		attributes = append(attributes, attemptKey.Int(event.Attempt))
	}
	if event.Key != (backend.Key{}) {
		attributes = append(attributes, keyDigestKey.String(hex.EncodeToString(event.Key[:6])))
	}
	return attributes
}
