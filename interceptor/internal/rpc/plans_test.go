package rpc

import (
	"testing"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestPlansAreBounded : a server that reads schemas as it runs makes new
// descriptors for ever, also for the same schema.
func TestPlansAreBounded(t *testing.T) {
	var prints Fingerprinter
	prints.Fingerprint(new(paymentsv1.CreatePaymentRequest))
	first := prints.Fingerprint(fresh(t))
	for range 3 * maxUnlinked {
		if prints.Fingerprint(fresh(t)) != first {
			t.Fatal("one message has two fingerprints")
		}
	}
	var known int
	prints.plans.known.Range(func(any, any) bool { known++; return true })
	if known > maxUnlinked+1 {
		t.Errorf("%d plans are remembered, want at most %d", known, maxUnlinked+1)
	}
	linked := new(paymentsv1.CreatePaymentRequest).ProtoReflect().Descriptor()
	if _, ok := prints.plans.known.Load(linked); !ok {
		t.Error("the plan of a type that is linked in is forgotten")
	}
}

func fresh(t *testing.T) *dynamicpb.Message {
	t.Helper()
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("fresh.proto"),
		MessageType: []*descriptorpb.DescriptorProto{{
			Name: new("Fresh"),
			Field: []*descriptorpb.FieldDescriptorProto{{
				Name: new("text"), Number: new(int32(1)),
				Type:  descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
				Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
			}},
		}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	message := dynamicpb.NewMessage(file.Messages().Get(0))
	message.Set(message.Descriptor().Fields().Get(0), protoreflect.ValueOfString("x"))
	return message
}
