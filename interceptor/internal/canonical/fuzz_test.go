package canonical

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

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
