package rpc

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// The canonical form is protobuf's wire format with every choice taken away:
// fields in the order of their numbers, packable lists always packed, maps in
// the order of their keys, groups written as messages, one NaN for all, unknown
// fields last in the order of their numbers. It is defined here and not by the
// protobuf library, whose deterministic output may change with its version. An
// unset field is absent; one without presence that holds its zero value is
// unset. A field that is unknown today and known after an upgrade comes out
// alike when its number is the highest, as that of a new field is.
//
// Everything below goes from the last to the first: see writer.

// canonical writes messages in their canonical form.
type canonical struct {
	writer

	plans   *plans
	last    *plan     // of the message that was read last: most are of one type
	anys    int       // that are open
	present []present // fields of the messages that are being written
	maps    mapScratch
	unknown unknownScratch
	numbers []byte // scratch for lists of numbers
}

// memory is at most what the scratch takes, in bytes.
func (c *canonical) memory() int {
	const largest = 48 // bytes of an element
	elements := cap(c.parts) + cap(c.present) + cap(c.maps.entries) + cap(c.maps.ranks) + cap(c.unknown.fields)
	return c.size + largest*elements + cap(c.unknown.from) + cap(c.unknown.to) + cap(c.numbers)
}

func (c *canonical) root(message protoreflect.Message) {
	if descriptor := message.Descriptor(); c.last == nil || c.last.message != descriptor {
		c.last = c.plans.of(descriptor)
	}
	c.message(c.last, message)
}

func (c *canonical) message(plan *plan, message protoreflect.Message) {
	if raw := message.GetUnknown(); len(raw) > 0 {
		c.unknownFields(raw)
	}
	if plan.ranged {
		c.ranged(plan, message)
		return
	}
	for _, field := range slices.Backward(plan.fields) {
		if field.implicit || message.Has(field.FieldDescriptor) {
			c.field(message, field, message.Get(field.FieldDescriptor))
		}
	}
}

// present is a field that a message holds.
type present struct {
	field *field
	value protoreflect.Value
}

// ranged writes the fields that a message says it holds.
func (c *canonical) ranged(plan *plan, message protoreflect.Message) {
	base := len(c.present)
	message.Range(func(descriptor protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		field := plan.find(descriptor.Number())
		if descriptor.IsExtension() {
			field = c.plans.extension(descriptor)
		}
		if field != nil {
			c.present = append(c.present, present{field, value})
		}
		return true
	})
	slices.SortFunc(c.present[base:], func(a, b present) int { return byNumber(a.field, b.field) })
	for i := len(c.present) - 1; i >= base; i-- {
		c.field(message, c.present[i].field, c.present[i].value)
	}
	clear(c.present[base:]) // the pool must not keep the message
	c.present = c.present[:base]
}

func (c *canonical) field(message protoreflect.Message, field *field, value protoreflect.Value) {
	switch field.shape {
	case entries:
		c.entries(field, value.Map())
	case list:
		c.list(message, field, value)
	case content:
		if raw := value.Bytes(); len(raw) > 0 {
			c.any(message, field, raw)
		}
	default:
		c.tagged(field, value)
	}
}

// tagged writes one value and the tag before it, unless it is unset.
func (c *canonical) tagged(field *field, value protoreflect.Value) {
	since := c.len()
	switch field.kind {
	case protoreflect.StringKind:
		c.string(value.String())
	case protoreflect.BytesKind:
		c.bytes(value.Bytes())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		inner := value.Message()
		c.message(c.plans.inside(field, inner.Descriptor()), inner)
	default:
		if bits := scalarBits(field.kind, value); bits != 0 || !field.implicit {
			c.scalar(field.wire, bits)
			c.varint(field.tag)
		}
		return
	}
	if length := c.len() - since; length > 0 || !field.implicit {
		c.wrap(field.tag, since)
	}
}
