package canonical

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// encoder writes messages in their canonical form. It writes everything from the
// last byte to the first; see writer.
type encoder struct {
	out   writer
	plans *planCache
	last  *messagePlan // of the last root message: most are of one type
	depth int          // of decoded Any messages

	// Buffers, which are kept for the next message.
	present presentFields
	entries mapEntries
	numbers numberLists
	unknown unknownBuffers
}

// memory is an upper bound of the memory that the buffers take, in bytes.
func (e *encoder) memory() int {
	const largest = 48 // bytes of an element
	elements := cap(e.out.parts) + cap(e.present.fields) + cap(e.entries.entries) + cap(e.entries.ranks) + cap(e.unknown.fields)
	return e.out.chunkBytes + largest*elements + cap(e.unknown.from) + cap(e.unknown.to) + e.numbers.memory()
}

// reset removes what was written, after its digest was made.
func (e *encoder) reset() {
	e.out.reset()
	e.numbers.reset()
}

func (e *encoder) root(message protoreflect.Message, omitted protoreflect.FieldDescriptor) {
	if descriptor := message.Descriptor(); e.last == nil || e.last.message != descriptor || e.last.omitted != omitted {
		e.last = e.plans.root(descriptor, omitted)
	}
	e.message(e.last, message)
}

func (e *encoder) message(plan *messagePlan, message protoreflect.Message) {
	if raw := message.GetUnknown(); len(raw) > 0 {
		e.unknown.write(&e.out, raw)
	}
	if plan.ranged {
		e.ranged(plan, message)
		return
	}
	for _, field := range slices.Backward(plan.fields) {
		if field.implicit || message.Has(field.descriptor) {
			e.field(message, field, message.Get(field.descriptor))
		}
	}
}

// ranged writes the fields that Range finds.
func (e *encoder) ranged(plan *messagePlan, message protoreflect.Message) {
	base := e.present.push(e.plans, plan, message)
	for i := len(e.present.fields) - 1; i >= base; i-- {
		each := e.present.fields[i]
		e.field(message, each.plan, each.value)
	}
	e.present.truncate(base)
}

func (e *encoder) field(message protoreflect.Message, field *fieldPlan, value protoreflect.Value) {
	switch field.shape {
	case shapeMap:
		e.mapField(field, value.Map())
	case shapeNumbers:
		e.numbers.write(&e.out, message, field, value)
	case shapeList:
		list := value.List()
		for i := list.Len() - 1; i >= 0; i-- {
			e.value(field, list.Get(i))
		}
	case shapeAny:
		if raw := value.Bytes(); len(raw) > 0 {
			e.anyValue(message, field, raw)
		}
	default:
		e.value(field, value)
	}
}

// mapField writes a map in the order of its keys.
func (e *encoder) mapField(field *fieldPlan, values protoreflect.Map) {
	base := e.entries.push(field.key.kind, values)
	for i := e.entries.len() - 1; i >= base; i-- {
		each := e.entries.at(i)
		end := e.out.len()
		e.value(field.value, each.value)
		e.value(field.key, each.key.Value())
		e.out.wrap(field.tag, end)
	}
	e.entries.truncate(base)
}

// anyValue writes the message in an Any in its canonical form, since clients may
// encode it in any form. A message of a type that is not linked in is written as
// the bytes that came in.
func (e *encoder) anyValue(message protoreflect.Message, field *fieldPlan, raw []byte) {
	end := e.out.len()
	if inner := decodeAny(message, raw, e.depth); inner != nil {
		e.depth++
		e.root(inner.ProtoReflect(), nil)
		e.depth--
	} else {
		e.out.bytes(raw)
	}
	e.out.wrap(field.tag, end)
}

// value writes one value with its tag, unless the field is unset.
func (e *encoder) value(field *fieldPlan, value protoreflect.Value) {
	end := e.out.len()
	switch field.kind {
	case protoreflect.StringKind:
		e.out.string(value.String())
	case protoreflect.BytesKind:
		e.out.bytes(value.Bytes())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		inner := value.Message()
		e.message(e.plans.inner(field, inner.Descriptor()), inner)
	default:
		if bits := numberBits(field.kind, value); bits != 0 || !field.implicit {
			e.out.number(field.wire, bits)
			e.out.varint(field.tag)
		}
		return
	}
	if length := e.out.len() - end; length > 0 || !field.implicit {
		e.out.wrap(field.tag, end)
	}
}
