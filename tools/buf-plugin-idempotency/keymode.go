package main

import (
	"fmt"

	"buf.build/go/bufplugin/descriptor"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

const (
	extensionName = "idempotency.v1.method"
	keyField      = "key"
)

// hasKeyMode reports whether the method sets the key mode. The extension is the one that the
// schemas declare.
func hasKeyMode(method protoreflect.MethodDescriptor, files []descriptor.FileDescriptor) (bool, error) {
	extension := findExtension(files)
	if extension == nil {
		return false, nil // no schema imports it
	}
	key := extension.Message().Fields().ByName(keyField)
	if key == nil || key.Kind() != protoreflect.EnumKind {
		return false, fmt.Errorf("%s has no enum field %q", extensionName, keyField)
	}
	kind := dynamicpb.NewExtensionType(extension)
	options, err := parseOptions(method, kind)
	if err != nil {
		return false, err
	}
	// Not proto.GetExtension: it wants the very descriptor of MethodOptions that the extension extends.
	return options.ProtoReflect().Get(kind.TypeDescriptor()).Message().Get(key).Enum() != 0, nil
}

// findExtension returns the extension of method options, or nil if no schema declares it.
func findExtension(files []descriptor.FileDescriptor) protoreflect.ExtensionDescriptor {
	name := protoreflect.FullName(extensionName)
	for _, file := range files {
		extension := file.ProtoreflectFileDescriptor().Extensions().ByName(name.Name())
		if extension != nil && extension.FullName() == name && extension.Message() != nil {
			return extension
		}
	}
	return nil
}

// parseOptions parses the options again: this program does not link the extension, so it was an
// unknown field.
func parseOptions(
	method protoreflect.MethodDescriptor, kind protoreflect.ExtensionType,
) (*descriptorpb.MethodOptions, error) {
	bytes, err := proto.Marshal(method.Options())
	if err != nil {
		return nil, err
	}
	types := new(protoregistry.Types)
	if err := types.RegisterExtension(kind); err != nil {
		return nil, err
	}
	options := new(descriptorpb.MethodOptions)
	return options, proto.UnmarshalOptions{Resolver: types}.Unmarshal(bytes, options)
}
