package rpc

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	_ "google.golang.org/protobuf/types/known/emptypb" // the request of methodWith

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestCallsOfAClient: infrastructure gets no key and is not sent again.
func TestCallsOfAClient(t *testing.T) {
	var client Client
	for procedure, want := range map[string]Calls{
		paymentsv1.PaymentService_CreatePayment_FullMethodName: Keyed,
		paymentsv1.PaymentService_GetPayment_FullMethodName:    SideEffectFree,
		"/no.such.Service/Method":                              Keyed,
		"/grpc.health.v1.Health/Check":                         Keyless,
	} {
		for range 2 { // the second time from the cache
			if got := client.Method(procedure, nil, false).Calls; got != want {
				t.Errorf("%s: %d, want %d", procedure, got, want)
			}
		}
	}
	if got := client.Method("/s.S/Read", nil, true).Calls; got != SideEffectFree {
		t.Errorf("without side effects: %d", got)
	}
	if got := client.Method("/s.S/M", methodWith(t, &idempotencyv1.MethodOptions{Key: idempotencyv1.KeyMode_KEY_MODE_IGNORED}), false).Calls; got != Keyless {
		t.Errorf("keys ignored: %d", got)
	}
}

// methodWith returns a method that carries the options.
func methodWith(t *testing.T, ours *idempotencyv1.MethodOptions) protoreflect.MethodDescriptor {
	t.Helper()
	options := new(descriptorpb.MethodOptions)
	proto.SetExtension(options, idempotencyv1.E_Method, ours)
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
