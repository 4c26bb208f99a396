package idemopenapi

import (
	"fmt"
	"slices"

	openapi "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv2/options"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/internal/schema"
)

// methods are the methods that an operationId can name.
type methods map[string][]protoreflect.MethodDescriptor

func index(files Files) methods {
	m := methods{}
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				m.add(service, service.Methods().Get(j))
			}
		}
		return true
	})
	return m
}

func (m methods) add(service protoreflect.ServiceDescriptor, method protoreflect.MethodDescriptor) {
	full, simple := string(service.Name()+"_"+method.Name()), string(method.Name())
	m[full] = append(m[full], method)
	m[simple] = append(m[simple], method)
	custom, _ := proto.GetExtension(method.Options(), openapi.E_Openapiv2Operation).(*openapi.Operation)
	if id := custom.GetOperationId(); id != "" {
		m[id] = append(m[id], method)
	}
}

// keyMode returns the key mode of the methods of the operation.
func (m methods) keyMode(operationID string) (mode idempotency.KeyMode, err error) {
	candidates := m.candidates(operationID)
	if len(candidates) == 0 {
		return 0, fmt.Errorf("operation %q: its method is not in the schema", operationID)
	}
	for i, method := range candidates {
		each := keyModeOf(method)
		if i > 0 && each != mode {
			return 0, fmt.Errorf("operation %q can be %s or %s, whose key modes differ",
				operationID, candidates[0].FullName(), method.FullName())
		}
		mode = each
	}
	return mode, nil
}

// keyInMessage reports whether the key may be in a field of the request message that the
// schema marks, for one of the methods of the operation.
func (m methods) keyInMessage(operationID string) bool {
	return slices.ContainsFunc(m.candidates(operationID), func(method protoreflect.MethodDescriptor) bool {
		return schema.KeyField(method.Input(), false) != nil
	})
}

// candidates returns the methods that the operationId can mean. The second and later routes of a
// method have their number behind the name, which itself can end in a digit.
func (m methods) candidates(operationID string) (all []protoreflect.MethodDescriptor) {
	name := operationID
	for {
		all = append(all, m[name]...)
		last := len(name) - 1
		if last < 0 || name[last] < '0' || name[last] > '9' {
			return all
		}
		name = name[:last]
	}
}

func keyModeOf(method protoreflect.MethodDescriptor) idempotency.KeyMode {
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	switch {
	case method.IsStreamingClient() || method.IsStreamingServer():
		return idempotency.KeyIgnored
	case !ok:
		return idempotency.KeyDefault
	case options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS:
		return idempotency.KeyIgnored
	}
	ours, _ := proto.GetExtension(options, idempotencyv1.E_Method).(*idempotencyv1.MethodOptions)
	return modes[ours.GetKey()]
}

var modes = map[idempotencyv1.KeyMode]idempotency.KeyMode{
	idempotencyv1.KeyMode_KEY_MODE_OPTIONAL: idempotency.KeyOptional,
	idempotencyv1.KeyMode_KEY_MODE_REQUIRED: idempotency.KeyRequired,
	idempotencyv1.KeyMode_KEY_MODE_IGNORED:  idempotency.KeyIgnored,
}
