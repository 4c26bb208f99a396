package rpc

import (
	"sync"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/runtime/protoiface"
)

// replayed is a recorded response message. The protobuf codecs send its stored
// bytes as they are, at no cost and byte for byte; a JSON codec, or an outer
// interceptor that looks at the message, has it decoded when it first looks.
type replayed struct {
	kind protoreflect.MessageType

	mu   sync.Mutex
	raw  []byte               // nil once the message has been changed
	real protoreflect.Message // nil until somebody looks
}

// NewReplayed returns a message of the type with the stored content. Typed
// decodes it at once, so that its Go type is the generated one.
func NewReplayed(kind protoreflect.MessageType, raw []byte, typed bool) (proto.Message, error) {
	if !typed {
		return &replayed{kind: kind, raw: raw}, nil
	}
	message := kind.New().Interface()
	return message, proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(raw, message)
}

// String returns the message in text format, as generated messages do.
func (r *replayed) String() string { return prototext.MarshalOptions{}.Format(r) }

// ProtoReflect implements proto.Message.
func (r *replayed) ProtoReflect() protoreflect.Message { return (*reflected)(r) }

// reflected is the reflection of a replayed message.
type reflected replayed

// look decodes the message if nobody has looked at it yet. What cannot be
// decoded is left out: reflection has no way to say so, and the bytes, which
// were written by Marshal, still go out.
func (r *reflected) look() protoreflect.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.real == nil {
		r.real = r.kind.New()
		_ = proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(r.raw, r.real.Interface())
	}
	return r.real
}

// change is look for somebody who is going to write: the bytes are void then.
func (r *reflected) change() protoreflect.Message {
	message := r.look()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.raw = nil
	return message
}

func (r *reflected) Descriptor() protoreflect.MessageDescriptor { return r.kind.Descriptor() }
func (r *reflected) Type() protoreflect.MessageType             { return r.kind }
func (r *reflected) New() protoreflect.Message                  { return r.kind.New() }
func (r *reflected) Interface() protoreflect.ProtoMessage       { return (*replayed)(r) }
func (r *reflected) IsValid() bool                              { return true }

func (r *reflected) Range(f func(protoreflect.FieldDescriptor, protoreflect.Value) bool) {
	r.look().Range(f)
}
func (r *reflected) Has(field protoreflect.FieldDescriptor) bool { return r.look().Has(field) }
func (r *reflected) Get(field protoreflect.FieldDescriptor) protoreflect.Value {
	return r.look().Get(field)
}
func (r *reflected) NewField(field protoreflect.FieldDescriptor) protoreflect.Value {
	return r.look().NewField(field)
}
func (r *reflected) WhichOneof(oneof protoreflect.OneofDescriptor) protoreflect.FieldDescriptor {
	return r.look().WhichOneof(oneof)
}
func (r *reflected) GetUnknown() protoreflect.RawFields { return r.look().GetUnknown() }

func (r *reflected) Clear(field protoreflect.FieldDescriptor) { r.change().Clear(field) }
func (r *reflected) Set(field protoreflect.FieldDescriptor, value protoreflect.Value) {
	r.change().Set(field, value)
}
func (r *reflected) Mutable(field protoreflect.FieldDescriptor) protoreflect.Value {
	return r.change().Mutable(field)
}
func (r *reflected) SetUnknown(fields protoreflect.RawFields) { r.change().SetUnknown(fields) }

// ProtoMethods implements protoreflect.Message: the short way from the stored
// bytes to the wire. A message that was changed takes the long one.
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
