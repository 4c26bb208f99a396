package otelidem

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/oncewire/idempotency"
)

// operation has the attribute sets that the measurements of one operation are
// made with. A set takes longer to make than a measurement, so what a call
// comes by when all goes well is made once.
type operation struct {
	attributes []attribute.KeyValue // those of every set

	plain         labels
	claim, finish labels // steps of the store
	// kinds has the set with which an event is counted, as the outcome of a
	// call or as the end of a claim; and none for the other kinds.
	kinds [idempotency.EventFinishDropped + 1]labels
}

var (
	outcomes = []idempotency.EventKind{
		idempotency.EventClaimed, idempotency.EventTakenOver, idempotency.EventReplayed, idempotency.EventFailedOpen,
	}
	ends = []idempotency.EventKind{
		idempotency.EventRecorded, idempotency.EventReleased, idempotency.EventAbandoned,
		idempotency.EventLeaseLost, idempotency.EventFinishDropped,
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

// labels is an attribute set in the form that instruments take: as a slice, so
// that a measurement does not have to make one.
type labels struct {
	add    []metric.AddOption
	record []metric.RecordOption
}

// with makes a set of the operation's attributes and some more.
func (o *operation) with(more ...attribute.KeyValue) labels {
	set := metric.WithAttributeSet(attribute.NewSet(slices.Concat(o.attributes, more)...))
	return labels{add: []metric.AddOption{set}, record: []metric.RecordOption{set}}
}
