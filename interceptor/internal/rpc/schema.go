package rpc

import (
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
// nil.
func schemaPolicy(procedure string, method protoreflect.MethodDescriptor) idempotency.Policy {
	for _, prefix := range infrastructure {
		if strings.HasPrefix(procedure, prefix) {
			return idempotency.Policy{Key: idempotency.KeyIgnored}
		}
	}
	return idempotency.Policy{Key: keyMode(method)}
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

// keyMode reads from the schema that a method has no side effects, or else the
// option (idempotency.v1.method).
func keyMode(method protoreflect.MethodDescriptor) idempotency.KeyMode {
	if method == nil {
		return idempotency.KeyDefault
	}
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	if !ok {
		return idempotency.KeyDefault
	}
	if options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
		return idempotency.KeyIgnored
	}
	ours, _ := proto.GetExtension(options, idempotencyv1.E_Method).(*idempotencyv1.MethodOptions)
	switch ours.GetKey() {
	case idempotencyv1.KeyMode_KEY_MODE_OPTIONAL:
		return idempotency.KeyOptional
	case idempotencyv1.KeyMode_KEY_MODE_REQUIRED:
		return idempotency.KeyRequired
	case idempotencyv1.KeyMode_KEY_MODE_IGNORED:
		return idempotency.KeyIgnored
	default:
		return idempotency.KeyDefault
	}
}
