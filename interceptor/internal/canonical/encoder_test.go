package canonical

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func digest(t testing.TB, message proto.Message) [sha256.Size]byte {
	t.Helper()
	return new(Digester).Digest(message)
}

func form(message proto.Message) []byte {
	e := &encoder{plans: new(planCache)}
	e.root(message.ProtoReflect())
	return written(&e.out)
}

func written(w *writer) []byte {
	all := bytes.Clone(w.chunk[w.start:w.end])
	for _, each := range slices.Backward(w.parts) {
		all = append(append(all, each.bytes...), each.text...)
	}
	return all
}

// TestCanonicalForm pins the form byte for byte: with a change here, a retry
// after an upgrade looks like another request. So a change needs a new
// fingerprint algorithm and not a new expectation.
func TestCanonicalForm(t *testing.T) {
	message := &paymentsv1.CreatePaymentRequest{
		Simulate: &paymentsv1.Simulate{Code: 14, Crash: true},
		Customer: "cus_1", Amount: 1250, Currency: "EUR",
	}
	want := []byte("\x08\xe2\x09\x12\x03EUR\x1a\x05cus_1\x2a\x04\x10\x0e\x18\x01")
	got := form(message)
	if !bytes.Equal(got, want) {
		t.Errorf("canonical form is %q, want %q", got, want)
	}
	if digest(t, message) != sha256.Sum256(want) {
		t.Error("the digest is not that of the canonical form")
	}
}

// TestCanonicalFormOfShapes pins the shapes that a payment does not have.
func TestCanonicalFormOfShapes(t *testing.T) {
	options := &descriptorpb.FieldOptions{Deprecated: new(false)}
	proto.SetExtension(options, idempotencyv1.E_Field, &idempotencyv1.FieldOptions{Unfingerprinted: true})
	options.ProtoReflect().SetUnknown([]byte("\x98\x06\x01\x90\x06\x02"))
	envelope, err := anypb.New(wrapperspb.Bool(true))
	if err != nil {
		t.Fatal(err)
	}
	for want, message := range map[string]proto.Message{
		// An entry always has a key and a value; a list has its zeros.
		"\x0a\x04\x0a\x00\x12\x00\x0a\x07\x0a\x01a\x12\x02\x08\x00": &structpb.Struct{Fields: map[string]*structpb.Value{
			"a": structpb.NewNullValue(), "": {},
		}},
		"\x0a\x00\x0a\x01x": &fieldmaskpb.FieldMask{Paths: []string{"", "x"}},
		"\x0a\x03\x00\x01\x00\x12\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01": &descriptorpb.SourceCodeInfo_Location{
			Path: []int32{0, 1, 0}, Span: []int32{-1},
		},
		"\x18\x00\xba\x80\x19\x02\x08\x01\x90\x06\x02\x98\x06\x01":              options,
		"\x0a\x2dtype.googleapis.com/google.protobuf.BoolValue\x12\x02\x08\x01": envelope,
	} {
		if got := form(message); string(got) != want {
			t.Errorf("the canonical form of %v is %q, want %q", message, got, want)
		}
	}
}

func TestMapOrderDoesNotMatter(t *testing.T) {
	first := digest(t, wideStruct(t))
	for range 50 {
		if digest(t, wideStruct(t)) != first {
			t.Fatal("two equal messages with maps have two digests")
		}
	}
}

func wideStruct(t *testing.T) *structpb.Struct {
	t.Helper()
	fields := map[string]any{}
	for _, n := range rand.Perm(40) {
		fields[string(rune('a'+n))] = []any{n, true, "x", nil, map[string]any{"inner": n, "outer": -n}}
	}
	message, err := structpb.NewStruct(fields)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestCodecDoesNotMatter(t *testing.T) {
	packed, err := anypb.New(wideStruct(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range []proto.Message{
		wideStruct(t), packed,
		&paymentsv1.CreatePaymentRequest{Amount: -1, Simulate: &paymentsv1.Simulate{}},
	} {
		text, err := protojson.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		decoded := message.ProtoReflect().New().Interface()
		if err := protojson.Unmarshal(text, decoded); err != nil {
			t.Fatal(err)
		}
		if digest(t, message) != digest(t, decoded) {
			t.Errorf("%s: the JSON codec changes the digest", message.ProtoReflect().Descriptor().FullName())
		}
	}
}

// TestWireOrderDoesNotMatter decodes the same fields in another order, with
// varints that are longer than necessary.
func TestWireOrderDoesNotMatter(t *testing.T) {
	usual := []byte("\x08\x05\x12\x03EUR\x1a\x01c")
	odd := []byte("\x1a\x01c\x12\x03EUR\x08\x85\x80\x00")
	a, b := new(paymentsv1.CreatePaymentRequest), new(paymentsv1.CreatePaymentRequest)
	for _, each := range []struct {
		raw     []byte
		message proto.Message
	}{{usual, a}, {odd, b}} {
		if err := proto.Unmarshal(each.raw, each.message); err != nil {
			t.Fatal(err)
		}
	}
	if digest(t, a) != digest(t, b) {
		t.Error("the order of fields on the wire changes the digest")
	}
}

func TestEveryValueMatters(t *testing.T) {
	base := &paymentsv1.CreatePaymentRequest{Amount: 1, Currency: "EUR", Simulate: &paymentsv1.Simulate{Code: 1}}
	for name, change := range map[string]func(*paymentsv1.CreatePaymentRequest){
		"another number":    func(r *paymentsv1.CreatePaymentRequest) { r.Amount = 2 },
		"an unset number":   func(r *paymentsv1.CreatePaymentRequest) { r.Amount = 0 },
		"another string":    func(r *paymentsv1.CreatePaymentRequest) { r.Currency = "USD" },
		"a string moved":    func(r *paymentsv1.CreatePaymentRequest) { r.Currency, r.Customer = "", "EUR" },
		"an inner value":    func(r *paymentsv1.CreatePaymentRequest) { r.Simulate.Code = 2 },
		"an empty message":  func(r *paymentsv1.CreatePaymentRequest) { r.Simulate.Code = 0 },
		"an absent message": func(r *paymentsv1.CreatePaymentRequest) { r.Simulate = nil },
		"an unknown field": func(r *paymentsv1.CreatePaymentRequest) {
			r.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 999, protowire.VarintType), 1))
		},
	} {
		changed := proto.CloneOf(base)
		change(changed)
		if digest(t, base) == digest(t, changed) {
			t.Errorf("%s leaves the digest alone", name)
		}
	}
}

// TestFieldBecomesKnown has one side of a rolling upgrade know a field that
// the other does not.
func TestFieldBecomesKnown(t *testing.T) {
	request := &paymentsv1.CreatePaymentRequest{
		Amount: 5, Description: "tea", Simulate: &paymentsv1.Simulate{Code: 3},
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	older := new(wrapperspb.Int64Value) // knows field 1 only
	if err := proto.Unmarshal(raw, older); err != nil {
		t.Fatal(err)
	}
	if digest(t, request) != digest(t, older) {
		t.Error("a field changes the digest by becoming known")
	}
}

func TestUnknownFieldsAreSorted(t *testing.T) {
	field := func(number protowire.Number, value uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), value)
	}
	of := func(fields ...[]byte) [sha256.Size]byte {
		message := new(paymentsv1.Simulate)
		message.ProtoReflect().SetUnknown(bytes.Join(fields, nil))
		return digest(t, message)
	}
	if of(field(100, 1), field(101, 2)) != of(field(101, 2), field(100, 1)) {
		t.Error("the order of unknown fields matters")
	}
	if of(field(100, 1), field(100, 2)) == of(field(100, 2), field(100, 1)) {
		t.Error("the order within one unknown field, which may be a list, does not matter")
	}
}

func TestPackingDoesNotMatter(t *testing.T) {
	// SourceCodeInfo.Location.path is packed; a client may send it unpacked.
	packed, unpacked := new(descriptorpb.SourceCodeInfo_Location), new(descriptorpb.SourceCodeInfo_Location)
	if err := proto.Unmarshal([]byte("\x0a\x03\x01\x02\x03"), packed); err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal([]byte("\x08\x01\x08\x02\x08\x03"), unpacked); err != nil {
		t.Fatal(err)
	}
	if digest(t, packed) != digest(t, unpacked) {
		t.Error("packing changes the digest")
	}
}

func TestExtensionsMatter(t *testing.T) {
	plain, extended := new(descriptorpb.MethodOptions), new(descriptorpb.MethodOptions)
	proto.SetExtension(extended, idempotencyv1.E_Method, &idempotencyv1.MethodOptions{Key: idempotencyv1.KeyUse_KEY_USE_OFF})
	if digest(t, plain) == digest(t, extended) {
		t.Error("an extension leaves the digest alone")
	}
}

func TestUnknownAnyIsTakenAsItIs(t *testing.T) {
	a := &anypb.Any{TypeUrl: "type.googleapis.com/no.such.Type", Value: []byte{1}}
	b := &anypb.Any{TypeUrl: "type.googleapis.com/no.such.Type", Value: []byte{2}}
	if digest(t, a) == digest(t, b) {
		t.Error("what is in an Any of unknown type does not matter")
	}
}

func TestDeepAnyEnds(t *testing.T) {
	inner, err := anypb.New(wrapperspb.String("x"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 * maxAny {
		if inner, err = anypb.New(inner); err != nil {
			t.Fatal(err)
		}
	}
	if digest(t, inner) != digest(t, proto.CloneOf(inner)) {
		t.Error("a deep Any has two digests")
	}
}

// note is the schema of a message with a field that is excluded from the fingerprint.
const note = `{
	"name": "note.proto", "package": "note", "syntax": "proto3",
	"dependency": ["idempotency/v1/options.proto"],
	"messageType": [{"name": "Note", "field": [
		{"name": "text", "number": 1, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL"},
		{"name": "sent_at", "number": 2, "type": "TYPE_INT64", "label": "LABEL_OPTIONAL",
		 "options": {"[idempotency.v1.field]": {"unfingerprinted": true}}}
	]}]
}`

func TestExcludedFieldDoesNotMatter(t *testing.T) {
	file := new(descriptorpb.FileDescriptorProto)
	if err := protojson.Unmarshal([]byte(note), file); err != nil {
		t.Fatal(err)
	}
	schema, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	kind := schema.Messages().Get(0)
	write := func(text string, at int64) proto.Message {
		message := dynamicpb.NewMessage(kind)
		message.Set(kind.Fields().Get(0), protoreflect.ValueOfString(text))
		message.Set(kind.Fields().Get(1), protoreflect.ValueOfInt64(at))
		return message
	}
	if digest(t, write("a", 1)) != digest(t, write("a", 2)) {
		t.Error("an excluded field changes the digest")
	}
	if digest(t, write("a", 1)) == digest(t, write("b", 1)) {
		t.Error("the other field does not matter any more")
	}
}

// TestDeepMessageCostsLittle would take minutes if each level of nesting read its
// content again, as the naive way of writing lengths does.
func TestDeepMessageCostsLittle(t *testing.T) {
	message := structpb.NewStringValue(strings.Repeat("x", 4<<20))
	for range 4000 {
		message = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{message}})
	}
	e := &encoder{plans: new(planCache)}
	e.root(message.ProtoReflect())
	if held := e.memory(); held > 5<<20 {
		t.Errorf("a message of 4 MiB took buffers of %d bytes", held)
	}
	if e.out.len() < 4<<20 {
		t.Errorf("only %d bytes written", e.out.len())
	}
}

// FuzzCanonicalForm decodes any bytes as a message, and checks that the canonical
// form decodes to a message with the same canonical form.
func FuzzCanonicalForm(f *testing.F) {
	for _, seed := range []proto.Message{
		&paymentsv1.CreatePaymentRequest{Amount: 1, Simulate: &paymentsv1.Simulate{Code: 2}},
		structpb.NewNumberValue(1.5),
		protodesc.ToFileDescriptorProto(idempotencyv1.File_idempotency_v1_options_proto),
	} {
		raw, err := proto.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	kinds := []proto.Message{
		new(paymentsv1.CreatePaymentRequest), new(structpb.Struct),
		new(descriptorpb.FileDescriptorProto), new(wrapperspb.BytesValue),
		new(descriptorpb.FieldOptions), new(descriptorpb.SourceCodeInfo), new(anypb.Any),
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, kind := range kinds {
			checkCanonical(t, kind.ProtoReflect().New().Interface(), raw)
		}
	})
}

func checkCanonical(t *testing.T, message proto.Message, raw []byte) {
	t.Helper()
	partial := proto.UnmarshalOptions{AllowPartial: true}
	if partial.Unmarshal(raw, message) != nil {
		return
	}
	first := form(message)
	again := message.ProtoReflect().New().Interface()
	if err := partial.Unmarshal(first, again); err != nil {
		t.Fatalf("the canonical form does not decode: %v", err)
	}
	if !bytes.Equal(first, form(again)) {
		t.Fatal("the canonical form has another canonical form")
	}
}
