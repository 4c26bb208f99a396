package canonical

import (
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

// messagePlan is what the encoder needs to know about a message type.
type messagePlan struct {
	message protoreflect.MessageDescriptor
	fields  []*fieldPlan                 // by number, without the excluded ones
	omitted protoreflect.FieldDescriptor // from this message alone; may be nil
	// ranged is set if the fields are found by Range and not one by one: the
	// message may have extensions, or so many fields that most are unset.
	ranged bool
}

// minRanged is the number of fields from which on a message is ranged. Above this
// number the protobuf library keeps fields in a map.
const minRanged = 16

// fieldPlan is what the encoder needs to know about a field. It caches what the
// descriptor says, whose methods are too slow to invoke for every value.
type fieldPlan struct {
	descriptor protoreflect.FieldDescriptor
	number     protowire.Number
	kind       protoreflect.Kind
	wire       protowire.Type
	tag        uint64
	shape      shape
	implicit   bool                        // no presence: the zero value means unset
	inner      atomic.Pointer[messagePlan] // of the messages in the field
	key, value *fieldPlan                  // of a map
	alone      sync.Pool                   // of empty messages, for numberLists
}

type shape byte

const (
	shapeSingle shape = iota
	shapeNumbers
	shapeList // of anything else
	shapeMap
	shapeAny // the content of a google.protobuf.Any
)

// Fields of google.protobuf.Any.
const (
	anyTypeURL = 1
	anyValue   = 2
)

func newMessagePlan(message protoreflect.MessageDescriptor) *messagePlan {
	descriptors := message.Fields()
	plan := &messagePlan{
		message: message,
		ranged:  message.ExtensionRanges().Len() > 0 || descriptors.Len() >= minRanged,
	}
	for i := range descriptors.Len() {
		if descriptor := descriptors.Get(i); !excluded(descriptor) {
			plan.fields = append(plan.fields, newFieldPlan(descriptor))
		}
	}
	slices.SortFunc(plan.fields, byNumber)
	if message.FullName() == "google.protobuf.Any" {
		if value := plan.field(anyValue); value != nil {
			value.shape = shapeAny
		}
	}
	return plan
}

// without returns the plan without a field.
func (p *messagePlan) without(omitted protoreflect.FieldDescriptor) *messagePlan {
	plan := &messagePlan{message: p.message, ranged: p.ranged, omitted: omitted}
	for _, field := range p.fields {
		if field.number != omitted.Number() {
			plan.fields = append(plan.fields, field)
		}
	}
	return plan
}

func newFieldPlan(descriptor protoreflect.FieldDescriptor) *fieldPlan {
	plan := &fieldPlan{
		descriptor: descriptor,
		number:     descriptor.Number(),
		kind:       descriptor.Kind(),
		wire:       wireType(descriptor.Kind()),
	}
	switch {
	case descriptor.IsMap():
		plan.shape = shapeMap
		plan.key, plan.value = newFieldPlan(descriptor.MapKey()), newFieldPlan(descriptor.MapValue())
		plan.key.implicit, plan.value.implicit = false, false // an entry has both
	case descriptor.IsList() && plan.wire != protowire.BytesType:
		plan.shape = shapeNumbers
	case descriptor.IsList():
		plan.shape = shapeList
	default:
		plan.implicit = !descriptor.HasPresence()
	}
	plan.tag = protowire.EncodeTag(plan.number, plan.wire)
	return plan
}

// field returns the plan of a field, or nil if the field is excluded.
func (p *messagePlan) field(number protowire.Number) *fieldPlan {
	i, found := slices.BinarySearchFunc(p.fields, number, func(each *fieldPlan, number protowire.Number) int {
		return int(each.number) - int(number)
	})
	if !found {
		return nil
	}
	return p.fields[i]
}

func byNumber(a, b *fieldPlan) int { return int(a.number) - int(b.number) }

// excluded reports whether a field is excluded from the fingerprint, by the
// option (idempotency.v1.field).
func excluded(field protoreflect.FieldDescriptor) bool {
	options, ok := field.Options().(*descriptorpb.FieldOptions)
	if !ok {
		return false
	}
	ours, _ := proto.GetExtension(options, idempotencyv1.E_Field).(*idempotencyv1.FieldOptions)
	return ours.GetExcludeFromFingerprint()
}
