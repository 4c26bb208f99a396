package rpc

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// manyNumbers is how long a list of numbers must be for the protobuf library
// to encode it. It reads the list without reflection, which takes a third of
// the time per number, but it wants the list in a message of its own.
const manyNumbers = 24

func (c *canonical) list(message protoreflect.Message, field *field, value protoreflect.Value) {
	values := value.List()
	if field.wire == protowire.BytesType {
		for i := values.Len() - 1; i >= 0; i-- {
			c.tagged(field, values.Get(i))
		}
		return
	}
	since := c.len()
	if values.Len() < manyNumbers || !c.manyNumbers(message, field, value) {
		for i := values.Len() - 1; i >= 0; i-- {
			c.scalar(field.wire, scalarBits(field.kind, values.Get(i)))
		}
	}
	c.wrap(protowire.EncodeTag(field.number, protowire.BytesType), since)
}

// manyNumbers writes the list as the library encodes it in a message of its
// own. Only the numbers are taken from there: each has one encoding. It returns
// false, and writes nothing, when it does not find what it expects.
func (c *canonical) manyNumbers(message protoreflect.Message, field *field, value protoreflect.Value) bool {
	alone, ok := field.alone.Get().(protoreflect.Message)
	if !ok || alone.Type() != message.Type() {
		alone = message.New()
	}
	alone.Set(field.FieldDescriptor, value)
	raw, err := proto.MarshalOptions{AllowPartial: true}.MarshalAppend(c.numbers[:0], alone.Interface())
	alone.Clear(field.FieldDescriptor)
	field.alone.Put(alone)
	if err != nil {
		return false
	}
	if len(raw) < leastBorrowed { // or else the writer keeps it
		c.numbers = raw[:0]
	} else {
		c.numbers = nil
	}
	numbers, ok := untagged(field, raw)
	if !ok {
		return false
	}
	oneNaN(field.kind, numbers)
	c.bytes(numbers)
	return true
}

// untagged returns the numbers of a field without what is around them, and
// false for bytes that hold anything else. It reuses the memory.
func untagged(field *field, raw []byte) ([]byte, bool) {
	number, kind, n := protowire.ConsumeTag(raw)
	if n < 0 || number != field.number {
		return nil, false
	}
	if kind == protowire.BytesType {
		packed, m := protowire.ConsumeBytes(raw[n:])
		return packed, n+m == len(raw)
	}
	numbers := raw[:0]
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 || number != field.number || kind != field.wire {
			return nil, false
		}
		m := protowire.ConsumeFieldValue(number, kind, raw[n:])
		if m < 0 {
			return nil, false
		}
		numbers = append(numbers, raw[n:n+m]...)
		raw = raw[n+m:]
	}
	return numbers, true
}
