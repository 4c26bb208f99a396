package canonical

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func TestMapOrderDoesNotMatter(t *testing.T) {
	first := digest(t, wideStruct(t))
	for range 50 {
		if digest(t, wideStruct(t)) != first {
			t.Fatal("two equal messages with maps have two digests")
		}
	}
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
