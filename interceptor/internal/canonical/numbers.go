package canonical

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// minMarshaled is the length from which on a list of numbers is encoded by the
// protobuf library. It reads the list without reflection, which takes a third of
// the time per number, but needs the list in a message of its own.
const minMarshaled = 24

// numberLists writes lists of numbers. Its buffers are reused.
type numberLists struct {
	buffer []byte // for the next list
	used   []byte // of a list that the writer refers to; the largest such one
}

// reset makes the used buffer available for the next message.
func (n *numberLists) reset() {
	if cap(n.used) > cap(n.buffer) {
		n.buffer = n.used
	}
	n.used = nil
}

func (n *numberLists) memory() int { return cap(n.buffer) }

// write writes a list of numbers, packed.
func (n *numberLists) write(w *writer, message protoreflect.Message, field *fieldPlan, value protoreflect.Value) {
	list := value.List()
	end := w.len()
	if list.Len() < minMarshaled || !n.marshal(w, message, field, value) {
		for i := list.Len() - 1; i >= 0; i-- {
			w.number(field.wire, numberBits(field.kind, list.Get(i)))
		}
	}
	w.wrap(protowire.EncodeTag(field.number, protowire.BytesType), end)
}

// marshal writes the list as the library encodes it in a message of its own.
// Only the numbers are taken from there: each has one encoding. If the encoding
// is not as expected, marshal returns false and writes nothing.
func (n *numberLists) marshal(w *writer, message protoreflect.Message, field *fieldPlan, value protoreflect.Value) bool {
	alone, ok := field.alone.Get().(protoreflect.Message)
	if !ok || alone.Type() != message.Type() {
		alone = message.New()
	}
	alone.Set(field.descriptor, value)
	raw, err := proto.MarshalOptions{AllowPartial: true}.MarshalAppend(n.buffer[:0], alone.Interface())
	alone.Clear(field.descriptor)
	field.alone.Put(alone)
	if err != nil {
		return false
	}
	n.buffer = raw[:0]
	if len(raw) >= minReferenced { // the writer refers to it until the digest is made
		n.buffer = nil
		if cap(raw) > cap(n.used) {
			n.used = raw[:0]
		}
	}
	numbers, ok := untagged(field, raw)
	if !ok {
		return false
	}
	unifyNaNs(field.kind, numbers)
	w.bytes(numbers)
	return true
}

// untagged returns the numbers of a field without tags and length, or false if
// the bytes have anything else. It reuses the memory of raw.
func untagged(field *fieldPlan, raw []byte) ([]byte, bool) {
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
