package otelidem

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/oncewire/idempotency"
)

// scope is the instrumentation scope of the metrics.
const scope = "github.com/oncewire/idempotency/otelidem"

// Observer measures what happens to calls, and adds it to their spans. It is safe
// for concurrent use. Several engines can share it.
type Observer struct {
	instruments

	operations *operations
}

var _ idempotency.Observer = (*Observer)(nil)

// NewObserver returns an observer for [idempotency.WithObserver]. The error names
// every invalid option, or every instrument that the meter provider cannot make.
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
	instruments, err := newInstruments(c.provider.Meter(scope))
	if err != nil {
		return nil, err
	}
	return &Observer{instruments: instruments, operations: newOperations(&c, instruments.startAtZero)}, nil
}

// Observe implements [idempotency.Observer].
func (o *Observer) Observe(ctx context.Context, event idempotency.Event) {
	o.measure(ctx, &event)
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		annotate(span, &event)
	}
}

func (o *Observer) measure(ctx context.Context, event *idempotency.Event) {
	operation := o.operations.get(event.Operation)
	switch event.Kind {
	case idempotency.EventClaimed, idempotency.EventTakenOver:
		o.calls.Add(ctx, 1, operation.kinds[event.Kind].add...)
		o.running.Add(ctx, 1, operation.plain.add...)
		o.storeTime.Record(ctx, event.Took.Seconds(), operation.claim.record...)
	case idempotency.EventReplayed:
		o.calls.Add(ctx, 1, operation.kinds[event.Kind].add...)
		o.waited(ctx, operation, event.Took)
	case idempotency.EventFailedOpen:
		o.calls.Add(ctx, 1, operation.kinds[event.Kind].add...)
	case idempotency.EventRefused:
		o.calls.Add(ctx, 1, operation.with(outcomeKey.String("refused"), errorTypeKey.String(reason(event))).add...)
		o.waited(ctx, operation, event.Took)
	case idempotency.EventStoreError:
		o.storeFailed(ctx, operation, stepClaim, event)
	case idempotency.EventRan:
		o.running.Add(ctx, -1, operation.plain.add...)
		o.handlerTime.Record(ctx, event.Took.Seconds(), operation.plain.record...)
	case idempotency.EventRecorded, idempotency.EventReleased, idempotency.EventAbandoned:
		o.claimEnded(ctx, operation, event)
		if !event.Retried {
			o.storeTime.Record(ctx, event.Took.Seconds(), operation.finish.record...)
		}
	case idempotency.EventLeaseLost, idempotency.EventFinishDropped:
		o.claimEnded(ctx, operation, event)
	case idempotency.EventFinishFailed:
		o.storeFailed(ctx, operation, stepFinish, event)
	case idempotency.EventCommitFailed:
		o.claimEnded(ctx, operation, event)
		o.storeFailed(ctx, operation, stepFinish, event)
	default: // EventUnscoped is reported once, on a span and in the log
	}
}

func (o *Observer) waited(ctx context.Context, operation *operation, wait time.Duration) {
	if wait > 0 {
		o.waitTime.Record(ctx, wait.Seconds(), operation.plain.record...)
	}
}

func (o *Observer) claimEnded(ctx context.Context, operation *operation, event *idempotency.Event) {
	end := operation.kinds[event.Kind]
	if event.Retried {
		end = operation.with(endKey.String(event.Kind.String()), retriedKey.Bool(true))
	}
	o.ended.Add(ctx, 1, end.add...)
}

func (o *Observer) storeFailed(ctx context.Context, operation *operation, step attribute.KeyValue, event *idempotency.Event) {
	failure := operation.with(step, errorTypeKey.String(errorType(event.Err)))
	o.storeErrors.Add(ctx, 1, failure.add...)
	o.storeTime.Record(ctx, event.Took.Seconds(), failure.record...)
}
