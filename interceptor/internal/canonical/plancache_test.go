package canonical

import (
	"testing"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestPlansAreBounded : a server that reads schemas at run time creates new
// descriptors without end, also for the same schema.
func TestPlansAreBounded(t *testing.T) {
	var digester Digester
	digester.Digest(new(paymentsv1.CreatePaymentRequest))
	first := digester.Digest(fresh(t))
	for range 3 * maxUnlinked {
		if digester.Digest(fresh(t)) != first {
			t.Fatal("one message has two digests")
		}
	}
	var cached int
	digester.plans.plans.Range(func(any, any) bool { cached++; return true })
	if cached > maxUnlinked+1 {
		t.Errorf("%d plans are cached, want at most %d", cached, maxUnlinked+1)
	}
	linked := new(paymentsv1.CreatePaymentRequest).ProtoReflect().Descriptor()
	if _, ok := digester.plans.plans.Load(linked); !ok {
		t.Error("the plan of a type that is linked in is not cached any more")
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
