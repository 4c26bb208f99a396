package canonical

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

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
	proto.SetExtension(options, idempotencyv1.E_Field, &idempotencyv1.FieldOptions{ExcludeFromFingerprint: true})
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

// TestDeepMessageCostsLittle would take minutes if each level of nesting read its
// content again, as the naive way of writing lengths does.
func TestDeepMessageCostsLittle(t *testing.T) {
	message := structpb.NewStringValue(strings.Repeat("x", 4<<20))
	for range 4000 {
		message = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{message}})
	}
	e := &encoder{plans: new(planCache)}
	e.root(message.ProtoReflect(), nil)
	if held := e.memory(); held > 5<<20 {
		t.Errorf("a message of 4 MiB took buffers of %d bytes", held)
	}
	if e.out.len() < 4<<20 {
		t.Errorf("only %d bytes written", e.out.len())
	}
}
