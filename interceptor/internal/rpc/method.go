package rpc

import (
	"context"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/schema"
)

// Method is what a guard knows about a method before any call of it.
type Method struct {
	// Operation is the engine's handle: it has the method's name and policy.
	Operation idempotency.Operation

	request, response protoreflect.MessageType // nil if the schema is not linked in
	keyField          keyField
	// encoder is that of its calls.
	encoder interface {
		Encode(ctx context.Context, response any) (idempotency.Answer, error)
	}
}

// Unguarded reports whether calls of the method ignore keys.
func (m *Method) Unguarded() bool { return m.Operation.Policy().Key == idempotency.KeyIgnored }

// GuardsStreams reports whether a server stream of the method is guarded. No stream
// is in a transaction: its messages are sent before the commit.
func (m *Method) GuardsStreams() bool {
	policy := m.Operation.Policy()
	return policy.MaxMessages > 0 && !policy.Transaction.InTransaction()
}

// takesKeyInMessage reports whether a key may be in a field of the request message.
func (m *Method) takesKeyInMessage() bool {
	return m.request != nil && m.keyField.in(m.request.Descriptor()) != nil
}

func newMethod(engine *idempotency.Engine, procedure string, given any, readOnly bool) *Method {
	descriptor := schema.Method(procedure, given)
	policy, _ := schema.Policy(procedure, descriptor) // schema.Check reports the error
	if readOnly {
		policy.Key = idempotency.KeyIgnored
	}
	operation := engine.Operation(procedure, policy)
	method := &Method{Operation: operation, keyField: keyField{requestIDs: operation.TakesRequestID()}}
	if descriptor != nil {
		method.request, method.response = messageType(descriptor.Input()), messageType(descriptor.Output())
	}
	return method
}

// messageType returns the generated type of a message, or a dynamic one for a method
// that is served without generated code.
func messageType(message protoreflect.MessageDescriptor) protoreflect.MessageType {
	if kind := linkedMessage(message.FullName()); kind != nil {
		return kind
	}
	return dynamicpb.NewMessageType(message)
}

func linkedMessage(name protoreflect.FullName) protoreflect.MessageType {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		return nil
	}
	return kind
}
