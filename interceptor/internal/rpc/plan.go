package rpc

import (
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

// plan is what is known of a message type before any message of it is read.
type plan struct {
	message protoreflect.MessageDescriptor
	fields  []*field // by number, less those left out
	// ranged is set where a message is asked for the fields that it holds
	// instead of for each field: it may hold extensions, or knows so many
	// fields that most of them are unset.
	ranged bool
}

// manyFields is how many fields a ranged message knows at least. Beyond this
// number the protobuf library keeps fields in a map.
const manyFields = 16

// field is what is known of a field. A descriptor answers the same questions,
// at a cost that shows when they are asked for every value.
type field struct {
	protoreflect.FieldDescriptor

	number   protowire.Number
	kind     protoreflect.Kind
	wire     protowire.Type
	tag      uint64
	shape    shape
	implicit bool                 // unset when it holds the zero value
	inner    atomic.Pointer[plan] // of the messages in it
	key      *field               // of a map
	value    *field               // of a map
	alone    sync.Pool            // of messages that hold nothing, for manyNumbers
}

type shape byte

const (
	single shape = iota
	list
	entries // of a map
	content // of a google.protobuf.Any
)

// Number of the field of google.protobuf.Any that holds the message.
const anyValue = 2

func newPlan(message protoreflect.MessageDescriptor) *plan {
	listed := message.Fields()
	made := &plan{
		message: message,
		ranged:  message.ExtensionRanges().Len() > 0 || listed.Len() >= manyFields,
	}
	for i := range listed.Len() {
		if descriptor := listed.Get(i); !unfingerprinted(descriptor) {
			made.fields = append(made.fields, newField(descriptor))
		}
	}
	slices.SortFunc(made.fields, byNumber)
	if message.FullName() == "google.protobuf.Any" {
		for _, each := range made.fields {
			if each.number == anyValue {
				each.shape = content
			}
		}
	}
	return made
}

func newField(descriptor protoreflect.FieldDescriptor) *field {
	made := &field{
		FieldDescriptor: descriptor,
		number:          descriptor.Number(),
		kind:            descriptor.Kind(),
		wire:            wireType(descriptor.Kind()),
	}
	switch {
	case descriptor.IsMap():
		made.shape = entries
		made.key, made.value = newField(descriptor.MapKey()), newField(descriptor.MapValue())
		made.key.implicit, made.value.implicit = false, false // an entry has both
	case descriptor.IsList():
		made.shape = list
	default:
		made.implicit = !descriptor.HasPresence()
	}
	made.tag = protowire.EncodeTag(made.number, made.wire)
	return made
}

// find returns nil for a field that is left out.
func (p *plan) find(number protowire.Number) *field {
	at, found := slices.BinarySearchFunc(p.fields, number, func(each *field, number protowire.Number) int {
		return int(each.number) - int(number)
	})
	if !found {
		return nil
	}
	return p.fields[at]
}

func byNumber(a, b *field) int { return int(a.number) - int(b.number) }

// unfingerprinted reads the option (idempotency.v1.field).
func unfingerprinted(field protoreflect.FieldDescriptor) bool {
	options, ok := field.Options().(*descriptorpb.FieldOptions)
	if !ok {
		return false
	}
	ours, _ := proto.GetExtension(options, idempotencyv1.E_Field).(*idempotencyv1.FieldOptions)
	return ours.GetUnfingerprinted()
}
