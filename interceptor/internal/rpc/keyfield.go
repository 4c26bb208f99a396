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
	descriptor := reflected.Descriptor()
	found := k.last.Load()
	if found == nil || found.message != descriptor {
		found = &keyFieldOf{descriptor, schema.KeyField(descriptor, k.requestIDs)}
		k.last.Store(found)
	}
	if found.field == nil {
		return nil, ""
	}
	return found.field, reflected.Get(found.field).String()
}
