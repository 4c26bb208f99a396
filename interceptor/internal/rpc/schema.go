package rpc

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

// infrastructure lists the services that load balancers and tools call. They send
// no keys, and must not be required to.
var infrastructure = []string{
	"/grpc.health.v1.", "/grpc.reflection.", "/grpc.channelz.",
}

// schemaPolicy returns what the schema says about a method. The descriptor may be
// nil. If an option is invalid, the error says so, and the policy has the key mode
// alone: the other options inherit.
func schemaPolicy(procedure string, method protoreflect.MethodDescriptor) (idempotency.Policy, error) {
	for _, prefix := range infrastructure {
		if strings.HasPrefix(procedure, prefix) {
			return idempotency.Policy{Key: idempotency.KeyIgnored}, nil
		}
	}
	if hasNoSideEffects(method) {
		return idempotency.Policy{Key: idempotency.KeyIgnored}, nil
	}
	ours, _ := proto.GetExtension(methodOptions(method), idempotencyv1.E_Method).(*idempotencyv1.MethodOptions)
	policy := idempotency.Policy{
		Key:         keyModes[ours.GetKey()],
		Retention:   ours.GetRetention().AsDuration(),
		Lease:       ours.GetLease().AsDuration(),
		Wait:        ours.GetWait().AsDuration(),
		OnAbandoned: abandonPolicies[ours.GetOnAbandoned()],
	}
	if err := policy.Validate(); err != nil {
		return idempotency.Policy{Key: policy.Key}, fmt.Errorf("schema of %s: %w", procedure, err)
	}
	return policy, nil
}

var keyModes = map[idempotencyv1.KeyMode]idempotency.KeyMode{
	idempotencyv1.KeyMode_KEY_MODE_OPTIONAL: idempotency.KeyOptional,
	idempotencyv1.KeyMode_KEY_MODE_REQUIRED: idempotency.KeyRequired,
	idempotencyv1.KeyMode_KEY_MODE_IGNORED:  idempotency.KeyIgnored,
}

var abandonPolicies = map[idempotencyv1.AbandonPolicy]idempotency.AbandonPolicy{
	idempotencyv1.AbandonPolicy_ABANDON_POLICY_RETRY:  idempotency.Retry,
	idempotencyv1.AbandonPolicy_ABANDON_POLICY_REJECT: idempotency.Reject,
}

// methodOptions returns the options of a method, which may be nil.
func methodOptions(method protoreflect.MethodDescriptor) *descriptorpb.MethodOptions {
	if method == nil {
		return nil
	}
	options, _ := method.Options().(*descriptorpb.MethodOptions)
	return options
}

// CheckSchema returns an error for every operation whose schema has invalid options.
func CheckSchema(operations []string) error {
	var problems []error
	for _, operation := range operations {
		if _, err := schemaPolicy(operation, methodDescriptor(operation, nil)); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// methodDescriptor returns the schema if it is a descriptor, or else the
// descriptor that is linked into the program, or nil.
func methodDescriptor(procedure string, schema any) protoreflect.MethodDescriptor {
	if descriptor, ok := schema.(protoreflect.MethodDescriptor); ok {
		return descriptor
	}
	name := strings.ReplaceAll(strings.TrimPrefix(procedure, "/"), "/", ".")
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	method, _ := descriptor.(protoreflect.MethodDescriptor)
	return method
}

// hasNoSideEffects reports whether the schema says so. The descriptor may be nil.
func hasNoSideEffects(method protoreflect.MethodDescriptor) bool {
	return methodOptions(method).GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}
