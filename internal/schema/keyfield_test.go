package schema

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

const text = descriptorpb.FieldDescriptorProto_TYPE_STRING

func field(name string, options *descriptorpb.FieldOptions) *descriptorpb.FieldDescriptorProto {
	return &descriptorpb.FieldDescriptorProto{
		Name: &name, Type: text.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Options: options,
	}
}

func repeated(f *descriptorpb.FieldDescriptorProto) *descriptorpb.FieldDescriptorProto {
	f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	return f
}

func inOneof(f *descriptorpb.FieldDescriptorProto) *descriptorpb.FieldDescriptorProto {
	f.OneofIndex = new(int32)
	return f
}

func optional(f *descriptorpb.FieldDescriptorProto) *descriptorpb.FieldDescriptorProto {
	f.Proto3Optional = new(true)
	return inOneof(f)
}

func number(f *descriptorpb.FieldDescriptorProto) *descriptorpb.FieldDescriptorProto {
	f.Type = descriptorpb.FieldDescriptorProto_TYPE_INT64.Enum()
	return f
}

// marked has the option (idempotency.v1.field).key.
func marked() *descriptorpb.FieldOptions {
	options := new(descriptorpb.FieldOptions)
	proto.SetExtension(options, idempotencyv1.E_Field, &idempotencyv1.FieldOptions{Key: true})
	return options
}

// google has options of google.api, as a program reads them in which their Go
// package is not linked: (google.api.field_info).format, and field_behavior.
func google(format uint64, packed bool, behaviors ...uint64) *descriptorpb.FieldOptions {
	var raw []byte
	if packed {
		var values []byte
		for _, each := range behaviors {
			values = protowire.AppendVarint(values, each)
		}
		raw = protowire.AppendTag(raw, 1052, protowire.BytesType)
		raw = protowire.AppendBytes(raw, values)
	} else {
		for _, each := range behaviors {
			raw = protowire.AppendTag(raw, 1052, protowire.VarintType)
			raw = protowire.AppendVarint(raw, each)
		}
	}
	info := protowire.AppendTag(nil, 1, protowire.VarintType)
	info = protowire.AppendVarint(info, format)
	raw = protowire.AppendTag(raw, 291403980, protowire.BytesType)
	raw = protowire.AppendBytes(raw, info)
	options := new(descriptorpb.FieldOptions)
	options.ProtoReflect().SetUnknown(raw)
	return options
}

// request returns a service with one method, whose request has the fields.
func request(t *testing.T, fields ...*descriptorpb.FieldDescriptorProto) protoreflect.MethodDescriptor {
	t.Helper()
	message := &descriptorpb.DescriptorProto{Name: new("R"), Field: fields}
	for i, each := range fields {
		each.Number = new(int32(i + 1))
		if each.OneofIndex != nil && message.OneofDecl == nil {
			message.OneofDecl = []*descriptorpb.OneofDescriptorProto{{Name: new("_one")}}
		}
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("r.proto"), Package: new("r"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{message},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: new("S"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: new("M"), InputType: new(".r.R"), OutputType: new(".r.R"),
		}}}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file.Services().Get(0).Methods().Get(0)
}

func TestKeyField(t *testing.T) {
	const uuid4, ipv4, required, inputOnly = 1, 2, 2, 4
	type fields []*descriptorpb.FieldDescriptorProto
	for name, test := range map[string]struct {
		fields        fields
		schema, rules string // the field without KeyRules.RequestID, and with it
	}{
		"none":                       {fields{field("a", nil), number(field("b", nil))}, "", ""},
		"marked":                     {fields{field("a", nil), field("b", marked())}, "b", "b"},
		"marked before request_id":   {fields{field("request_id", nil), field("b", marked())}, "b", "b"},
		"two are marked":             {fields{field("a", marked()), field("b", marked())}, "a", "a"},
		"a marked number":            {fields{number(field("a", marked())), field("b", nil)}, "", ""},
		"a marked list":              {fields{repeated(field("a", marked()))}, "", ""},
		"AIP-155":                    {fields{field("a", nil), field("request_id", nil)}, "", "request_id"},
		"AIP-155, optional":          {fields{optional(field("request_id", nil))}, "", "request_id"},
		"AIP-155, a number":          {fields{number(field("request_id", nil))}, "", ""},
		"AIP-155, in a oneof":        {fields{inOneof(field("request_id", nil))}, "", ""},
		"AIP-4235":                   {fields{field("a", nil), field("b", google(uuid4, false, inputOnly))}, "", "b"},
		"AIP-4235, optional":         {fields{optional(field("b", google(uuid4, true)))}, "", "b"},
		"AIP-4235 after AIP-155":     {fields{field("a", google(uuid4, false)), field("request_id", nil)}, "", "request_id"},
		"AIP-4235, required":         {fields{field("a", google(uuid4, false, inputOnly, required))}, "", ""},
		"AIP-4235, required, packed": {fields{field("a", google(uuid4, true, inputOnly, required))}, "", ""},
		"AIP-4235, two":              {fields{field("a", google(uuid4, false)), field("b", google(uuid4, false))}, "", ""},
		"another format":             {fields{field("a", google(ipv4, false))}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			message := request(t, test.fields...).Input()
			for rule, want := range map[bool]string{false: test.schema, true: test.rules} {
				got := ""
				if found := KeyField(message, rule); found != nil {
					got = string(found.Name())
				}
				if got != want {
					t.Errorf("RequestID %t: got %q, want %q", rule, got, want)
				}
			}
		})
	}
}

func TestInvalidKeyFieldsAreReported(t *testing.T) {
	for want, fields := range map[string][]*descriptorpb.FieldDescriptorProto{
		"":                     {field("a", marked()), field("b", nil)},
		"several fields":       {field("a", marked()), field("b", marked())},
		"r.R.a has the option": {number(field("a", marked()))},
	} {
		var text string
		for _, problem := range checkKeyFields("/r.S/M", request(t, fields...).Input()) {
			text += problem.Error()
		}
		if want == "" && text != "" || !strings.Contains(text, want) || want != "" && !strings.Contains(text, "/r.S/M") {
			t.Errorf("got %q, want %q", text, want)
		}
	}
}

// TestAmbiguousRequestIDs : two fields could be the key, and nothing says which.
func TestAmbiguousRequestIDs(t *testing.T) {
	const uuid4, required = 1, 2
	one, two := google(uuid4, false), google(uuid4, true)
	for name, test := range map[string]struct {
		fields    []*descriptorpb.FieldDescriptorProto
		ambiguous bool
	}{
		"two":                 {[]*descriptorpb.FieldDescriptorProto{field("a", one), field("b", two)}, true},
		"two, and request_id": {[]*descriptorpb.FieldDescriptorProto{field("a", one), field("b", two), field("request_id", nil)}, false},
		"two, and the option": {[]*descriptorpb.FieldDescriptorProto{field("a", one), field("b", two), field("c", marked())}, false},
		"one, and a required": {[]*descriptorpb.FieldDescriptorProto{field("a", one), field("b", google(uuid4, false, required))}, false},
		"none":                {[]*descriptorpb.FieldDescriptorProto{field("a", nil), field("b", nil)}, false},
	} {
		err := checkRequestID("/r.S/M", request(t, test.fields...).Input())
		if (err != nil) != test.ambiguous || err != nil && !strings.Contains(err.Error(), "/r.S/M: KeyRules.RequestID finds several fields of r.R") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !strings.Contains(err.Error(), "a, b;") {
			t.Errorf("%s: the error does not name the fields: %v", name, err)
		}
	}
}

// TestOptionsOfGoogleThatEndEarly are read up to there.
func TestOptionsOfGoogleThatEndEarly(t *testing.T) {
	whole := google(1, false, 4).ProtoReflect().GetUnknown()
	for n := range whole {
		values := varints(whole[:n], 1052)
		if len(values) > 1 {
			t.Errorf("%d bytes: %v", n, values)
		}
	}
}
