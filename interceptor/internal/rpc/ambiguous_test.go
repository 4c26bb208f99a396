package rpc

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// The format UUID4, as a program reads it in which the Go package of google.api is not
// linked.
var uuid4 = []byte{0xe2, 0x8c, 0xcf, 0xd7, 0x08, 2, 0x08, 1}

// linkAmbiguous links a service into the program whose request has two UUIDs.
func linkAmbiguous(t *testing.T) (operation string) {
	t.Helper()
	file := new(descriptorpb.FileDescriptorProto)
	err := prototext.Unmarshal([]byte(`
		name: "ambiguous.proto" package: "ambiguous" syntax: "proto3"
		message_type { name: "R"
			field { name: "a" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL options {} }
			field { name: "b" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL options {} } }
		service { name: "S" method { name: "M" input_type: ".ambiguous.R" output_type: ".ambiguous.R" } }`), file)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range file.GetMessageType()[0].GetField() {
		field.GetOptions().ProtoReflect().SetUnknown(uuid4)
	}
	linked, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err == nil {
		err = protoregistry.GlobalFiles.RegisterFile(linked)
	}
	if err != nil {
		t.Fatal(err)
	}
	return "/ambiguous.S/M"
}

// TestTwoRequestIDsAreReportedAtTheStart : by the engine of a guard that would ignore
// both, and by no other.
func TestTwoRequestIDsAreReportedAtTheStart(t *testing.T) {
	operations := []string{linkAmbiguous(t)}
	for rule, reports := range map[bool]int{true: 1, false: 0} {
		engine, err := idempotency.New(memstore.New(), idempotency.WithKeyRules(idempotency.KeyRules{RequestID: rule}))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // two adapters on one engine
			if _, err := NewGuard[func(*Config)]("test", engine, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		text := ""
		if err := engine.Check(operations, 0); err != nil {
			text = err.Error()
		}
		if strings.Count(text, "several fields of ambiguous.R") != reports {
			t.Errorf("RequestID %t: %q", rule, text)
		}
		if err := engine.Check(nil, 0); err != nil {
			t.Errorf("operations are unknown: %v", err)
		}
	}
}
