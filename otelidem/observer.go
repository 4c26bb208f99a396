package otelidem

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/oncewire/idempotency"
)

// scope names this library to OpenTelemetry as the origin of its metrics.
const scope = "github.com/oncewire/idempotency/otelidem"

// Observer measures what happens to calls, and notes it on their spans. It is
// safe for concurrent use, and may be given to several engines.
type Observer struct {
	instruments

	operations *operations
}

var _ idempotency.Observer = (*Observer)(nil)

// NewObserver returns an observer to give to an engine with
// [idempotency.WithObserver]. The error names every option that cannot be
// honoured, and every instrument that the meter provider cannot make.
func NewObserver(options ...Option) (*Observer, error) {
	c := defaults()
	for i, option := range options {
		if option == nil {
			return nil, fmt.Errorf("otelidem: option %d is nil", i+1)
		}
		option(&c)
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	made, err := newInstruments(c.provider.Meter(scope))
	if err != nil {
		return nil, err
	}
	return &Observer{instruments: made, operations: newOperations(&c, made.foresee)}, nil
}

// Observe implements [idempotency.Observer].
func (o *Observer) Observe(ctx context.Context, event idempotency.Event) {
	o.measure(ctx, &event)
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		annotate(span, &event)
	}
}

func (o *Observer) measure(ctx context.Context, event *idempotency.Event) {
	of := o.operations.of(event.Operation)
	switch event.Kind {
	case idempotency.EventClaimed, idempotency.EventTakenOver:
		o.calls.Add(ctx, 1, of.kinds[event.Kind].add...)
		o.running.Add(ctx, 1, of.plain.add...)
		o.storeTime.Record(ctx, event.Took.Seconds(), of.claim.record...)
	case idempotency.EventReplayed:
		o.calls.Add(ctx, 1, of.kinds[event.Kind].add...)
		o.waited(ctx, of, event.Took)
	case idempotency.EventFailedOpen:
		o.calls.Add(ctx, 1, of.kinds[event.Kind].add...)
	case idempotency.EventRefused:
		o.calls.Add(ctx, 1, of.with(outcomeKey.String("refused"), errorTypeKey.String(reason(event))).add...)
		o.waited(ctx, of, event.Took)
	case idempotency.EventStoreError:
		o.storeFailed(ctx, of, stepClaim, event)
	case idempotency.EventRan:
		o.running.Add(ctx, -1, of.plain.add...)
		o.handlerTime.Record(ctx, event.Took.Seconds(), of.plain.record...)
	case idempotency.EventRecorded, idempotency.EventReleased, idempotency.EventAbandoned:
		o.claimEnded(ctx, of, event)
		if !event.Retried {
			o.storeTime.Record(ctx, event.Took.Seconds(), of.finish.record...)
		}
	case idempotency.EventLeaseLost, idempotency.EventFinishDropped:
		o.claimEnded(ctx, of, event)
	case idempotency.EventFinishFailed:
		o.storeFailed(ctx, of, stepFinish, event)
	default: // EventUnscoped comes once: it is on a span, and in the log
	}
}

func (o *Observer) waited(ctx context.Context, of *operation, wait time.Duration) {
	if wait > 0 {
		o.waitTime.Record(ctx, wait.Seconds(), of.plain.record...)
	}
}

func (o *Observer) claimEnded(ctx context.Context, of *operation, event *idempotency.Event) {
	end := of.kinds[event.Kind]
	if event.Retried {
		end = of.with(endKey.String(event.Kind.String()), retriedKey.Bool(true))
	}
	o.ended.Add(ctx, 1, end.add...)
}

func (o *Observer) storeFailed(ctx context.Context, of *operation, step attribute.KeyValue, event *idempotency.Event) {
	failure := of.with(step, errorTypeKey.String(errorType(event.Err)))
	o.storeErrors.Add(ctx, 1, failure.add...)
	o.storeTime.Record(ctx, event.Took.Seconds(), failure.record...)
}

// reason is why a call was refused, in the case that error.type is written in.
func reason(event *idempotency.Event) string { return strings.ToLower(string(event.Reason)) }
