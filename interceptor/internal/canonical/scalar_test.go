package canonical

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// TestOneNaN : a NaN has bits that the JSON form cannot carry.
func TestOneNaN(t *testing.T) {
	fromJSON := func(message proto.Message) proto.Message {
		if err := protojson.Unmarshal([]byte(`"NaN"`), message); err != nil {
			t.Fatal(err)
		}
		return message
	}
	double, float := new(wrapperspb.DoubleValue), new(wrapperspb.FloatValue)
	wantDouble, wantFloat := digest(t, fromJSON(double)), digest(t, fromJSON(float))
	for _, bits := range []uint64{0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001, math.MaxUint64} {
		if digest(t, wrapperspb.Double(math.Float64frombits(bits))) != wantDouble {
			t.Errorf("the NaN %x is another request", bits)
		}
	}
	for _, bits := range []uint32{0x7fc00000, 0xffc00000, 0x7fc12345, math.MaxUint32} {
		if digest(t, wrapperspb.Float(math.Float32frombits(bits))) != wantFloat {
			t.Errorf("the NaN %x is another request", bits)
		}
	}
	if digest(t, wrapperspb.Double(math.Inf(1))) == wantDouble {
		t.Error("infinity is the same request as NaN")
	}
}

// TestMinusZeroIsSet : a field with the value zero is unset, and minus zero is
// another number in protobuf.
func TestMinusZeroIsSet(t *testing.T) {
	minus := math.Copysign(0, -1)
	for name, form := range map[string]struct{ got, want []byte }{
		"zero":        {form(wrapperspb.Double(0)), nil},
		"minus zero":  {form(wrapperspb.Double(minus)), []byte("\x09\x00\x00\x00\x00\x00\x00\x00\x80")},
		"zero 32":     {form(wrapperspb.Float(0)), nil},
		"minus as 32": {form(wrapperspb.Float(float32(minus))), []byte("\x0d\x00\x00\x00\x80")},
	} {
		if !bytes.Equal(form.got, form.want) {
			t.Errorf("%s: the form is %q, want %q", name, form.got, form.want)
		}
	}
}

// lists is the schema of a message with a list of every kind of number.
func lists(t *testing.T, packed bool) protoreflect.MessageDescriptor {
	t.Helper()
	message := &descriptorpb.DescriptorProto{Name: new("Lists")}
	for kind := range descriptorpb.FieldDescriptorProto_Type_name {
		kind := descriptorpb.FieldDescriptorProto_Type(kind)
		if wireType(protoreflect.Kind(kind)) == protowire.BytesType || kind == descriptorpb.FieldDescriptorProto_TYPE_ENUM {
			continue
		}
		message.Field = append(message.Field, &descriptorpb.FieldDescriptorProto{
			Name: new("f" + kind.String()), Number: new(int32(kind)), Type: &kind,
			Label:   descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum(),
			Options: &descriptorpb.FieldOptions{Packed: &packed},
		})
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("lists.proto"), Syntax: new("proto3"), MessageType: []*descriptorpb.DescriptorProto{message},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file.Messages().Get(0)
}

// TestLongListIsLikeAShortOne : the protobuf library encodes long lists.
func TestLongListIsLikeAShortOne(t *testing.T) {
	var numbers [8 * (minMarshaled + 1)]byte
	for i := range numbers[16:] {
		numbers[i] = byte(i * 37)
	}
	binary.LittleEndian.PutUint64(numbers[8:], math.MaxUint64) // NaN, in both widths
	for _, packed := range []bool{true, false} {
		kind := lists(t, packed)
		for i := range kind.Fields().Len() {
			field := newFieldPlan(kind.Fields().Get(i))
			content := numbers[:]
			if field.wire == protowire.VarintType {
				content = bytes.Repeat([]byte{0, 1, 0x7f}, minMarshaled)
			}
			raw := nested(field.number, content)
			message := dynamicpb.NewMessage(kind)
			if err := proto.Unmarshal(raw, message); err != nil {
				t.Fatal(err)
			}
			if got, want := form(message), oneByOne(field, message); !bytes.Equal(got, want) {
				t.Errorf("%s, packed %t: the form is %q, want %q", field.descriptor.Name(), packed, got, want)
			}
		}
	}
}

func oneByOne(field *fieldPlan, message protoreflect.Message) []byte {
	var w writer
	list := message.Get(field.descriptor).List()
	for i := list.Len() - 1; i >= 0; i-- {
		w.number(field.wire, numberBits(field.kind, list.Get(i)))
	}
	w.wrap(protowire.EncodeTag(field.number, protowire.BytesType), 0)
	return written(&w)
}
