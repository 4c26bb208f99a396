package otelidem

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/oncewire/idempotency"
)

// operation has the attribute sets for the measurements of one operation. Making a
// set takes longer than a measurement, so the sets of calls that go well are made
// once.
type operation struct {
	attributes []attribute.KeyValue // of every set

	plain         labels
	claim, finish labels // steps of the store
	// kinds has the set for the kind of an event that counts as the outcome of a
	// call or the end of a claim.
	kinds [idempotency.EventCommitFailed + 1]labels
}

var (
	outcomes = []idempotency.EventKind{
		idempotency.EventClaimed, idempotency.EventTakenOver, idempotency.EventReplayed, idempotency.EventFailedOpen,
	}
	ends = []idempotency.EventKind{
		idempotency.EventRecorded, idempotency.EventReleased, idempotency.EventAbandoned,
		idempotency.EventLeaseLost, idempotency.EventFinishDropped, idempotency.EventCommitFailed,
	}
)

func newOperation(name string, common []attribute.KeyValue) *operation {
	o := &operation{attributes: append(slices.Clone(common), operationKey.String(name))}
	o.plain = o.with()
	o.claim, o.finish = o.with(stepClaim), o.with(stepFinish)
	for _, kind := range outcomes {
		o.kinds[kind] = o.with(outcomeKey.String(kind.String()))
	}
	for _, kind := range ends {
		o.kinds[kind] = o.with(endKey.String(kind.String()), retriedKey.Bool(false))
	}
	return o
}

// labels is an attribute set in the form that instruments accept. It is a slice, so
// that a measurement does not allocate one.
type labels struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// with returns a set of the operation's attributes and the given ones.
func (o *operation) with(more ...attribute.KeyValue) labels {
	set := metric.WithAttributeSet(attribute.NewSet(slices.Concat(o.attributes, more)...))
	return labels{add: []metric.AddOption{set}, record: []metric.RecordOption{set}}
}
