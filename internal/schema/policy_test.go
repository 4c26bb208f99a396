package schema

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

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
		if got, err := Policy(procedure, Method(procedure, nil)); err != nil || got.Key != want {
			t.Errorf("%s: key mode %d, %v, want %d", procedure, got.Key, err, want)
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
		if got, err := Policy("/s.S/M", Method("/s.S/M", methodWith(t, &idempotencyv1.MethodOptions{Key: option}))); err != nil || got.Key != want {
			t.Errorf("%v: key mode %d, %v, want %d", option, got.Key, err, want)
		}
	}
}

func TestPolicyFromOptions(t *testing.T) {
	all := &idempotencyv1.MethodOptions{
		Key:         idempotencyv1.KeyMode_KEY_MODE_REQUIRED,
		Retention:   durationpb.New(72 * time.Hour),
		Lease:       durationpb.New(time.Minute),
		Wait:        durationpb.New(5 * time.Second),
		OnAbandoned: idempotencyv1.AbandonPolicy_ABANDON_POLICY_REJECT,
	}
	want := idempotency.Policy{
		Key: idempotency.KeyRequired, Retention: 72 * time.Hour, Lease: time.Minute,
		Wait: 5 * time.Second, OnAbandoned: idempotency.Reject,
	}
	if got, err := Policy("/s.S/M", methodWith(t, all)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// TestLongestRetention: no duration that protobuf can express becomes a short one.
func TestLongestRetention(t *testing.T) {
	for seconds, want := range map[int64]time.Duration{
		9223372036: 9223372036 * time.Second, 9223372037: idempotency.Forever, 315576000000: idempotency.Forever,
	} {
		options := &idempotencyv1.MethodOptions{Retention: &durationpb.Duration{Seconds: seconds}}
		if got, err := Policy("/s.S/M", methodWith(t, options)); err != nil || got.Retention != want {
			t.Errorf("%d s: got %v, %v", seconds, got.Retention, err)
		}
	}
}

// TestInvalidOptionsAreReported, and leave the key mode as it is: a call must not
// run unguarded because a duration is wrong.
func TestInvalidOptionsAreReported(t *testing.T) {
	for name, options := range map[string]*idempotencyv1.MethodOptions{
		"lease":     {Lease: durationpb.New(time.Millisecond)},
		"retention": {Retention: durationpb.New(-time.Hour)},
		"wait":      {Wait: durationpb.New(time.Nanosecond)},
	} {
		options.Key = idempotencyv1.KeyMode_KEY_MODE_REQUIRED
		got, err := Policy("/s.S/M", methodWith(t, options))
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "/s.S/M") {
			t.Errorf("%s: got %v, want an error that names it and the method", name, err)
		}
		if !reflect.DeepEqual(got, idempotency.Policy{Key: idempotency.KeyRequired}) {
			t.Errorf("%s: got %+v, want the key mode alone", name, got)
		}
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
