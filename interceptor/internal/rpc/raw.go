package rpc

import (
	"sync"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/runtime/protoiface"
)

// rawMessage is a recorded response message that is sent as the bytes that were
// stored. It is decoded only if it is looked at through reflection, as loggers
// and the JSON codecs do. It cannot take the place of a generated message
// everywhere: its Go type is another, and a change to a message inside it is
// not sent.
type rawMessage struct {
	kind protoreflect.MessageType

	mu      sync.Mutex
	raw     []byte               // nil once the message has been changed
	decoded protoreflect.Message // nil until it is looked at
}

// newRaw returns a message of the type with the stored content.
func newRaw(kind protoreflect.MessageType, raw []byte) *rawMessage {
	return &rawMessage{kind: kind, raw: raw}
}

// String returns the message in text format, as generated messages do.
func (r *rawMessage) String() string { return prototext.MarshalOptions{}.Format(r) }

// ProtoReflect implements proto.Message.
func (r *rawMessage) ProtoReflect() protoreflect.Message { return (*reflected)(r) }

// reflected is the reflection of a rawMessage.
type reflected rawMessage

// decode decodes the message unless that has been done. What cannot be decoded
// is left out: reflection has no way to say so, and the bytes, which were
// written by Marshal, are still sent.
func (r *reflected) decode() protoreflect.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.decoded == nil {
		r.decoded = r.kind.New()
		_ = proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(r.raw, r.decoded.Interface())
	}
	return r.decoded
}

// change decodes the message for a caller that writes to it: the stored bytes
// are void then.
func (r *reflected) change() protoreflect.Message {
	message := r.decode()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.raw = nil
	return message
}

func (r *reflected) Descriptor() protoreflect.MessageDescriptor { return r.kind.Descriptor() }
func (r *reflected) Type() protoreflect.MessageType             { return r.kind }
func (r *reflected) New() protoreflect.Message                  { return r.kind.New() }
func (r *reflected) Interface() protoreflect.ProtoMessage       { return (*rawMessage)(r) }
func (r *reflected) IsValid() bool                              { return true }

func (r *reflected) Range(f func(protoreflect.FieldDescriptor, protoreflect.Value) bool) {
	r.decode().Range(f)
}
func (r *reflected) Has(field protoreflect.FieldDescriptor) bool { return r.decode().Has(field) }
func (r *reflected) Get(field protoreflect.FieldDescriptor) protoreflect.Value {
	return r.decode().Get(field)
}
func (r *reflected) NewField(field protoreflect.FieldDescriptor) protoreflect.Value {
	return r.decode().NewField(field)
}
func (r *reflected) WhichOneof(oneof protoreflect.OneofDescriptor) protoreflect.FieldDescriptor {
	return r.decode().WhichOneof(oneof)
}
func (r *reflected) GetUnknown() protoreflect.RawFields { return r.decode().GetUnknown() }

func (r *reflected) Clear(field protoreflect.FieldDescriptor) { r.change().Clear(field) }
func (r *reflected) Set(field protoreflect.FieldDescriptor, value protoreflect.Value) {
	r.change().Set(field, value)
}
func (r *reflected) Mutable(field protoreflect.FieldDescriptor) protoreflect.Value {
	return r.change().Mutable(field)
}
func (r *reflected) SetUnknown(fields protoreflect.RawFields) { r.change().SetUnknown(fields) }

// ProtoMethods implements protoreflect.Message: package proto marshals a message
// that was not changed by copying its stored bytes.
func (r *reflected) ProtoMethods() *protoiface.Methods {
	if r.stored() == nil {
		return nil
	}
	return &storedMethods
}

func (r *reflected) stored() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.raw
}

var storedMethods = protoiface.Methods{
	Flags: protoiface.SupportMarshalDeterministic,
	Size: func(in protoiface.SizeInput) protoiface.SizeOutput {
		return protoiface.SizeOutput{Size: len(storedBytes(in.Message))}
	},
	Marshal: func(in protoiface.MarshalInput) (protoiface.MarshalOutput, error) {
		return protoiface.MarshalOutput{Buf: append(in.Buf, storedBytes(in.Message)...)}, nil
	},
	CheckInitialized: func(protoiface.CheckInitializedInput) (protoiface.CheckInitializedOutput, error) {
		return protoiface.CheckInitializedOutput{}, nil
	},
}

func storedBytes(message protoreflect.Message) []byte {
	r, ok := message.(*reflected)
	if !ok {
		return nil
	}
	return r.stored()
}
