package rpc

import (
	"sync/atomic"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/oncewire/idempotency/internal/schema"
)

// keyField finds the field of a method's request messages that carries the key. It
// caches the field of the last message type: a method has one type. It is safe for
// concurrent use.
type keyField struct {
	requestIDs bool
	last       atomic.Pointer[keyFieldOf]
}

type keyFieldOf struct {
	message protoreflect.MessageDescriptor
	field   protoreflect.FieldDescriptor // nil if the key is only in the metadata
}

// of returns the field, or nil, and the key that the message has in it.
func (k *keyField) of(message proto.Message) (field protoreflect.FieldDescriptor, key string) {
	reflected := message.ProtoReflect()
	field = k.in(reflected.Descriptor())
	if field == nil {
		return nil, ""
	}
	return field, reflected.Get(field).String()
}

// in returns the field of a message type, or nil.
func (k *keyField) in(message protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	found := k.last.Load()
	if found == nil || found.message != message {
		found = &keyFieldOf{message, schema.KeyField(message, k.requestIDs)}
		k.last.Store(found)
	}
	return found.field
}
