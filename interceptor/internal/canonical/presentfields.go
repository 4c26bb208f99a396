package canonical

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// presentFields is a stack of the fields of the ranged messages that are being
// written. The fields of an inner message are above those of the message that
// contains it.
type presentFields struct {
	fields []presentField
}

type presentField struct {
	plan  *fieldPlan
	value protoreflect.Value
}

// push adds the fields that a message has, in the order of their numbers, and
// returns the index of the first.
func (p *presentFields) push(plans *planCache, plan *messagePlan, message protoreflect.Message) (base int) {
	base = len(p.fields)
	message.Range(func(descriptor protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		field := plan.field(descriptor.Number())
		if descriptor.IsExtension() {
			field = plans.extension(descriptor)
		}
		if field != nil {
			p.fields = append(p.fields, presentField{field, value})
		}
		return true
	})
	slices.SortFunc(p.fields[base:], func(a, b presentField) int { return byNumber(a.plan, b.plan) })
	return base
}

// truncate removes the fields from base on. They are cleared, since the pool must
// not retain a message.
func (p *presentFields) truncate(base int) {
	clear(p.fields[base:])
	p.fields = p.fields[:base]
}
