package schema

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Method returns the schema if it is a descriptor, or else the descriptor that is
// linked into the program, or nil.
func Method(procedure string, schema any) protoreflect.MethodDescriptor {
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

// HasNoSideEffects reports whether the schema of a method, which may be nil, says so.
func HasNoSideEffects(method protoreflect.MethodDescriptor) bool {
	return methodOptions(method).GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

// methodOptions returns the options of a method, which may be nil.
func methodOptions(method protoreflect.MethodDescriptor) *descriptorpb.MethodOptions {
	if method == nil {
		return nil
	}
	options, _ := method.Options().(*descriptorpb.MethodOptions)
	return options
}
