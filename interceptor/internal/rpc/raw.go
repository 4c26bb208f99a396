package rpc

import (
	"sync"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/runtime/protoiface"
)

// rawMessage is a recorded response that is sent as its recorded bytes. It is
// decoded only for reflection, which loggers and the JSON codecs use. It cannot
// replace a generated message everywhere: it has another Go type, and a change
// inside a nested message is not sent.
type rawMessage struct {
	kind protoreflect.MessageType

	mu      sync.Mutex
	raw     []byte               // nil once the message has been changed
	decoded protoreflect.Message // nil until reflection is used
}

// newRaw returns a message of the type with the recorded content.
func newRaw(kind protoreflect.MessageType, raw []byte) *rawMessage {
	return &rawMessage{kind: kind, raw: raw}
}

// String returns the message in text format, as generated messages do.
func (r *rawMessage) String() string { return prototext.MarshalOptions{}.Format(r) }

// ProtoReflect implements proto.Message.
func (r *rawMessage) ProtoReflect() protoreflect.Message { return (*reflected)(r) }

// reflected is the reflection of a rawMessage.
type reflected rawMessage

// decode decodes the message, once. Reflection cannot report an error: content
// that cannot be decoded is left out, and the bytes are still sent, since Marshal
// wrote them.
func (r *reflected) decode() protoreflect.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.decoded == nil {
		r.decoded = r.kind.New()
		_ = proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(r.raw, r.decoded.Interface())
	}
	return r.decoded
}

// change returns the decoded message for a change, after which the recorded bytes
// are not sent any more.
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

// ProtoMethods implements protoreflect.Message: package proto marshals an unchanged
// message by copying its recorded bytes.
func (r *reflected) ProtoMethods() *protoiface.Methods {
	if r.recorded() == nil {
		return nil
	}
	return &recordedMethods
}

func (r *reflected) recorded() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.raw
}

var recordedMethods = protoiface.Methods{
	Flags: protoiface.SupportMarshalDeterministic,
	Size: func(in protoiface.SizeInput) protoiface.SizeOutput {
		return protoiface.SizeOutput{Size: len(recordedBytes(in.Message))}
	},
	Marshal: func(in protoiface.MarshalInput) (protoiface.MarshalOutput, error) {
		return protoiface.MarshalOutput{Buf: append(in.Buf, recordedBytes(in.Message)...)}, nil
	},
	CheckInitialized: func(protoiface.CheckInitializedInput) (protoiface.CheckInitializedOutput, error) {
		return protoiface.CheckInitializedOutput{}, nil
	},
}

func recordedBytes(message protoreflect.Message) []byte {
	r, ok := message.(*reflected)
	if !ok {
		return nil
	}
	return r.recorded()
}
