package schema

import (
	"iter"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

// KeyField returns the field of a request message that carries the idempotency key,
// or nil. It is the first string field with the option (idempotency.v1.field).key.
// With requestIDs it is otherwise the string field request_id (AIP-155), or else the
// only optional string field of the format UUID4 (AIP-4235).
func KeyField(request protoreflect.MessageDescriptor, requestIDs bool) protoreflect.FieldDescriptor {
	for field := range fieldsOf(request) {
		if isText(field) && isMarked(field) {
			return field
		}
	}
	if !requestIDs {
		return nil
	}
	if field := request.Fields().ByName("request_id"); field != nil && isText(field) {
		return field
	}
	if candidates := uuid4Fields(request); len(candidates) == 1 {
		return candidates[0]
	}
	return nil
}

func uuid4Fields(request protoreflect.MessageDescriptor) (found []protoreflect.FieldDescriptor) {
	for field := range fieldsOf(request) {
		if isText(field) && isOptionalUUID4(field) {
			found = append(found, field)
		}
	}
	return found
}

func fieldsOf(message protoreflect.MessageDescriptor) iter.Seq[protoreflect.FieldDescriptor] {
	return func(yield func(protoreflect.FieldDescriptor) bool) {
		fields := message.Fields()
		for i := range fields.Len() {
			if !yield(fields.Get(i)) {
				return
			}
		}
	}
}

// isText reports whether a field has one string. A member of a oneof is no key: a
// caller that sets another member means another request.
func isText(field protoreflect.FieldDescriptor) bool {
	oneof := field.ContainingOneof()
	return field.Kind() == protoreflect.StringKind && !field.IsList() && (oneof == nil || oneof.IsSynthetic())
}

func isMarked(field protoreflect.FieldDescriptor) bool {
	options, _ := field.Options().(*descriptorpb.FieldOptions)
	ours, _ := proto.GetExtension(options, idempotencyv1.E_Field).(*idempotencyv1.FieldOptions)
	return ours.GetKey()
}
