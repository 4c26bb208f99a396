package canonical

import (
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// note is the schema of a message with a field that is excluded from the fingerprint.
const note = `{
	"name": "note.proto", "package": "note", "syntax": "proto3",
	"dependency": ["idempotency/v1/options.proto"],
	"messageType": [{"name": "Note", "field": [
		{"name": "text", "number": 1, "type": "TYPE_STRING", "label": "LABEL_OPTIONAL"},
		{"name": "sent_at", "number": 2, "type": "TYPE_INT64", "label": "LABEL_OPTIONAL",
		 "options": {"[idempotency.v1.field]": {"exclude_from_fingerprint": true}}}
	]}]
}`

func TestExcludedFieldDoesNotMatter(t *testing.T) {
	file := new(descriptorpb.FileDescriptorProto)
	if err := protojson.Unmarshal([]byte(note), file); err != nil {
		t.Fatal(err)
	}
	schema, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	kind := schema.Messages().Get(0)
	write := func(text string, at int64) proto.Message {
		message := dynamicpb.NewMessage(kind)
		message.Set(kind.Fields().Get(0), protoreflect.ValueOfString(text))
		message.Set(kind.Fields().Get(1), protoreflect.ValueOfInt64(at))
		return message
	}
	if digest(t, write("a", 1)) != digest(t, write("a", 2)) {
		t.Error("an excluded field changes the digest")
	}
	if digest(t, write("a", 1)) == digest(t, write("b", 1)) {
		t.Error("the other field does not matter any more")
	}
}
