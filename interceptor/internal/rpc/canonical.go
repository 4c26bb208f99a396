package rpc

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// The canonical form is protobuf's wire format with every choice taken away:
// fields in the order of their numbers, packable lists always packed, maps in
// the order of their keys, groups written as messages, unknown fields last in
// the order of their numbers. It is defined here and not by the protobuf
// library, whose deterministic output may change with its version. An unset
// field is absent; one without presence that holds its zero value is unset. A
// field that is unknown today and known after an upgrade comes out alike when
// its number is the highest, as that of a new field is.
//
// Everything below goes from the last to the first: see writer.

// maxAny bounds how deep an Any inside an Any is opened. What lies deeper is
// taken as the bytes it came in, since every level costs another decoding.
const maxAny = 8

// canonical writes messages in their canonical form.
type canonical struct {
	writer

	prints *Fingerprinter
	anys   int // that are open
}

func (c *canonical) message(message protoreflect.Message) {
	plan := c.prints.plan(message.Descriptor())
	fields := plan.fields
	if plan.extensible {
		fields = plan.withExtensions(message)
	}
	c.unknown(message.GetUnknown())
	for _, field := range slices.Backward(fields) {
		switch {
		case !message.Has(field):
		case plan.any && field.Number() == anyValue:
			c.any(message, message.Get(field).Bytes())
		default:
			c.field(field, message.Get(field))
		}
	}
}

func (c *canonical) field(field protoreflect.FieldDescriptor, value protoreflect.Value) {
	switch {
	case field.IsMap():
		c.entries(field, value.Map())
	case field.IsList():
		c.list(field, value.List())
	default:
		c.tagged(field, value)
	}
}

func (c *canonical) list(field protoreflect.FieldDescriptor, list protoreflect.List) {
	packed := wireType(field.Kind()) != protowire.BytesType
	since := c.len()
	for i := list.Len() - 1; i >= 0; i-- {
		if packed {
			c.scalar(field.Kind(), list.Get(i))
		} else {
			c.tagged(field, list.Get(i))
		}
	}
	if packed {
		c.wrap(field.Number(), since)
	}
}

// tagged writes one value and the tag before it.
func (c *canonical) tagged(field protoreflect.FieldDescriptor, value protoreflect.Value) {
	since := c.len()
	switch field.Kind() {
	case protoreflect.StringKind:
		c.string(value.String())
	case protoreflect.BytesKind:
		c.bytes(value.Bytes())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		c.message(value.Message())
	default:
		c.scalar(field.Kind(), value)
		c.tag(field.Number(), wireType(field.Kind()))
		return
	}
	c.wrap(field.Number(), since)
}

func (c *canonical) entries(field protoreflect.FieldDescriptor, entries protoreflect.Map) {
	keys := make([]protoreflect.MapKey, 0, entries.Len())
	entries.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, key)
		return true
	})
	slices.SortFunc(keys, compareKeys)
	for _, key := range slices.Backward(keys) {
		since := c.len()
		c.tagged(field.MapValue(), entries.Get(key))
		c.tagged(field.MapKey(), key.Value())
		c.wrap(field.Number(), since)
	}
}

// Number of the field of google.protobuf.Any that holds the message.
const anyValue = 2

// any opens the message inside an Any, which clients encode as they like. A
// type that is not linked in stays as it is.
func (c *canonical) any(message protoreflect.Message, raw []byte) {
	since := c.len()
	if inner := c.open(message, raw); inner != nil {
		c.anys++
		c.message(inner.ProtoReflect())
		c.anys--
	} else {
		c.bytes(raw)
	}
	c.wrap(anyValue, since)
}

func (c *canonical) open(message protoreflect.Message, raw []byte) proto.Message {
	if c.anys >= maxAny {
		return nil
	}
	url := message.Get(message.Descriptor().Fields().ByNumber(1)).String()
	kind, err := protoregistry.GlobalTypes.FindMessageByURL(url)
	if err != nil {
		return nil
	}
	inner := kind.New().Interface()
	if (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(raw, inner) != nil {
		return nil
	}
	return inner
}

// unknown sorts unknown fields by number; those of one number keep their
// order, which means something for a list.
func (c *canonical) unknown(raw protoreflect.RawFields) {
	type field struct {
		number protowire.Number
		bytes  []byte
	}
	var fields []field
	for len(raw) > 0 {
		number, _, n := protowire.ConsumeField(raw)
		if n < 0 { // cannot come from a decoder
			break
		}
		fields = append(fields, field{number, raw[:n]})
		raw = raw[n:]
	}
	c.bytes(raw)
	slices.SortStableFunc(fields, func(a, b field) int { return int(a.number) - int(b.number) })
	for _, each := range slices.Backward(fields) {
		c.bytes(each.bytes)
	}
}
