package rpc

import (
	"maps"
	"strings"
	"sync/atomic"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

// Method is what is known of a procedure before any call of it.
type Method struct {
	// Operation is "/pkg.Service/Method".
	Operation string
	// Schema is what the schema says about keys.
	Schema idempotency.KeyUse
	// Use is what the method does with a key; KeyOff passes it untouched. It
	// is set for the methods of a Guard, as is Policy.
	Use    idempotency.KeyUse
	Policy *idempotency.Policy

	descriptor protoreflect.MethodDescriptor // nil when the schema is not linked in
	response   protoreflect.MessageType      // nil as well, and outside of a Guard
}

// Method returns what is known of a procedure. The schema is the method's
// descriptor, where the caller has it; readOnly says that the method has no
// side effects, whatever its schema says.
func (g *Guard) Method(procedure string, schema any, readOnly bool) *Method {
	if method := g.methods.find(procedure); method != nil {
		return method
	}
	method := newMethod(procedure, schema)
	if readOnly {
		method.Schema = idempotency.KeyOff
	}
	method.Use = g.Engine.KeyUse(procedure, method.Schema)
	method.Policy = g.Engine.PolicyFor(procedure)
	method.response = responseType(method.descriptor)
	g.methods.remember(method)
	return method
}

// responseType prefers the generated type, and can do with the descriptor of a
// method that is served without generated code.
func responseType(method protoreflect.MethodDescriptor) protoreflect.MessageType {
	if method == nil {
		return nil
	}
	if kind, err := protoregistry.GlobalTypes.FindMessageByName(method.Output().FullName()); err == nil {
		return kind
	}
	return dynamicpb.NewMessageType(method.Output())
}

// maxMethods bounds the methods that are remembered. Only a proxy that serves
// whatever its clients name gets near it; it looks the rest up at every call.
const maxMethods = 4096

// Methods remembers the methods that were looked up. The zero value is ready,
// and safe for concurrent use.
type Methods struct {
	known atomic.Pointer[map[string]*Method]
}

// Lookup returns what the schema says of a procedure. The schema is the
// method's descriptor, where the caller has it.
func (m *Methods) Lookup(procedure string, schema any) *Method {
	if method := m.find(procedure); method != nil {
		return method
	}
	method := newMethod(procedure, schema)
	m.remember(method)
	return method
}

func (m *Methods) find(procedure string) *Method {
	if known := m.known.Load(); known != nil {
		return (*known)[procedure]
	}
	return nil
}

// remember copies the map, so that lookups need no lock. Two calls at once may
// lose one method, which is then looked up again.
func (m *Methods) remember(method *Method) {
	known := m.known.Load()
	grown := map[string]*Method{}
	if known != nil {
		if len(*known) >= maxMethods {
			return
		}
		maps.Copy(grown, *known)
	}
	grown[method.Operation] = method
	m.known.CompareAndSwap(known, &grown)
}

// infrastructure answers to load balancers and tools, which send no keys and
// must not be asked for one.
var infrastructure = []string{
	"/grpc.health.v1.", "/grpc.reflection.", "/grpc.channelz.",
}

func newMethod(procedure string, schema any) *Method {
	for _, prefix := range infrastructure {
		if strings.HasPrefix(procedure, prefix) {
			return &Method{Operation: procedure, Schema: idempotency.KeyOff}
		}
	}
	descriptor, ok := schema.(protoreflect.MethodDescriptor)
	if !ok {
		descriptor = linkedMethod(procedure)
	}
	return &Method{Operation: procedure, Schema: keyUse(descriptor), descriptor: descriptor}
}

func linkedMethod(procedure string) protoreflect.MethodDescriptor {
	name := strings.ReplaceAll(strings.TrimPrefix(procedure, "/"), "/", ".")
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	method, _ := descriptor.(protoreflect.MethodDescriptor)
	return method
}

// keyUse reads what the schema says of the method: that it has no side effects,
// or the option (idempotency.v1.method).
func keyUse(method protoreflect.MethodDescriptor) idempotency.KeyUse {
	if method == nil {
		return idempotency.KeyDefault
	}
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	if !ok {
		return idempotency.KeyDefault
	}
	if options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
		return idempotency.KeyOff
	}
	ours, _ := proto.GetExtension(options, idempotencyv1.E_Method).(*idempotencyv1.MethodOptions)
	switch ours.GetKey() {
	case idempotencyv1.KeyUse_KEY_USE_OPTIONAL:
		return idempotency.KeyOptional
	case idempotencyv1.KeyUse_KEY_USE_REQUIRED:
		return idempotency.KeyRequired
	case idempotencyv1.KeyUse_KEY_USE_OFF:
		return idempotency.KeyOff
	default:
		return idempotency.KeyDefault
	}
}
