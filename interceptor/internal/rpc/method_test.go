package rpc

import (
	"fmt"
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

func TestKeyUseFromSchema(t *testing.T) {
	for procedure, want := range map[string]idempotency.KeyUse{
		paymentsv1.PaymentService_CreatePayment_FullMethodName: idempotency.KeyDefault,
		paymentsv1.PaymentService_GetPayment_FullMethodName:    idempotency.KeyOff,
		"/no.such.Service/Method":                              idempotency.KeyDefault,
		"nonsense":                                             idempotency.KeyDefault,
		"/grpc.health.v1.Health/Check":                         idempotency.KeyOff,
		"/grpc.reflection.v1.ServerReflection/Any":             idempotency.KeyOff,
	} {
		var methods Methods
		for range 2 { // the second time from memory
			if got := methods.Lookup(procedure, nil).Schema; got != want {
				t.Errorf("%s: key use %d, want %d", procedure, got, want)
			}
		}
	}
}

func TestKeyUseFromOption(t *testing.T) {
	for option, want := range map[idempotencyv1.KeyUse]idempotency.KeyUse{
		idempotencyv1.KeyUse_KEY_USE_UNSPECIFIED: idempotency.KeyDefault,
		idempotencyv1.KeyUse_KEY_USE_OPTIONAL:    idempotency.KeyOptional,
		idempotencyv1.KeyUse_KEY_USE_REQUIRED:    idempotency.KeyRequired,
		idempotencyv1.KeyUse_KEY_USE_OFF:         idempotency.KeyOff,
	} {
		if got := new(Methods).Lookup("/s.S/M", methodWith(t, option)).Schema; got != want {
			t.Errorf("%v: key use %d, want %d", option, got, want)
		}
	}
}

// methodWith returns a method that carries the option.
func methodWith(t *testing.T, use idempotencyv1.KeyUse) protoreflect.MethodDescriptor {
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

// TestMethodsAreBounded : a proxy passes on whatever names its clients make up.
func TestMethodsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("looks up more methods than the bound, which takes seconds")
	}
	var methods Methods
	for n := range maxMethods + 100 {
		methods.Lookup(fmt.Sprintf("/s.S/M%d", n), nil)
	}
	if known := len(*methods.known.Load()); known != maxMethods {
		t.Errorf("%d methods remembered, want %d", known, maxMethods)
	}
}
