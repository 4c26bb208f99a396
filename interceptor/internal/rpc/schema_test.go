package rpc

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func TestKeyModeFromSchema(t *testing.T) {
	for procedure, want := range map[string]idempotency.KeyMode{
		paymentsv1.PaymentService_CreatePayment_FullMethodName: idempotency.KeyDefault,
		paymentsv1.PaymentService_GetPayment_FullMethodName:    idempotency.KeyIgnored,
		"/no.such.Service/Method":                              idempotency.KeyDefault,
		"nonsense":                                             idempotency.KeyDefault,
		"/grpc.health.v1.Health/Check":                         idempotency.KeyIgnored,
		"/grpc.reflection.v1.ServerReflection/Any":             idempotency.KeyIgnored,
	} {
		if got := schemaPolicy(procedure, methodDescriptor(procedure, nil)).Key; got != want {
			t.Errorf("%s: key mode %d, want %d", procedure, got, want)
		}
		var client ClientMethods
		for range 2 { // the second time from the cache
			if takes := client.TakesKey(procedure, nil); takes != (want != idempotency.KeyIgnored) {
				t.Errorf("%s: takes a key: %t", procedure, takes)
			}
		}
	}
}

func TestKeyModeFromOption(t *testing.T) {
	for option, want := range map[idempotencyv1.KeyMode]idempotency.KeyMode{
		idempotencyv1.KeyMode_KEY_MODE_UNSPECIFIED: idempotency.KeyDefault,
		idempotencyv1.KeyMode_KEY_MODE_OPTIONAL:    idempotency.KeyOptional,
		idempotencyv1.KeyMode_KEY_MODE_REQUIRED:    idempotency.KeyRequired,
		idempotencyv1.KeyMode_KEY_MODE_IGNORED:     idempotency.KeyIgnored,
	} {
		if got := schemaPolicy("/s.S/M", methodDescriptor("/s.S/M", methodWith(t, option))).Key; got != want {
			t.Errorf("%v: key mode %d, want %d", option, got, want)
		}
	}
}

// methodWith returns a method that carries the option.
func methodWith(t *testing.T, use idempotencyv1.KeyMode) protoreflect.MethodDescriptor {
	t.Helper()
	options := new(descriptorpb.MethodOptions)
	proto.SetExtension(options, idempotencyv1.E_Method, &idempotencyv1.MethodOptions{Key: use})
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("s.proto"), Package: new("s"),
		Dependency: []string{"google/protobuf/empty.proto"},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: new("S"),
			Method: []*descriptorpb.MethodDescriptorProto{{
				Name: new("M"), Options: options,
				InputType: new(".google.protobuf.Empty"), OutputType: new(".google.protobuf.Empty"),
			}},
		}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file.Services().Get(0).Methods().Get(0)
}
