package rpc

import (
	"context"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/oncewire/idempotency"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

const minted = "a new UUID"

// TestKeyOfACall: in the metadata and in the field of the request it is the same key.
func TestKeyOfACall(t *testing.T) {
	named := idempotency.WithKey(context.Background(), "named")
	for name, test := range map[string]struct {
		ctx    context.Context
		values []string
		field  string // as the caller sets it
		text   string
		isNew  bool
		sent   string // in the field
	}{
		"none":                         {context.Background(), nil, "", minted, true, minted},
		"named":                        {named, nil, "", "named", true, "named"},
		"in the metadata":              {named, []string{"k"}, "", "k", false, "k"},
		"in the field":                 {named, nil, "f", "f", true, "f"},
		"in both":                      {named, []string{"k"}, "f", "k", false, "f"}, // the server refuses it
		"several":                      {named, []string{"k", "l"}, "", "k", false, ""},
		"quoted":                       {named, []string{`"k"`}, "", `"k"`, false, "k"},
		"with spaces":                  {named, []string{" k\t"}, "", " k\t", false, "k"},
		"empty":                        {idempotency.WithKey(context.Background(), ""), nil, "", "", true, ""},
		"blank in the field":           {named, nil, " ", "", false, " "},
		"no metadata value":            {named, nil, "schlüssel", "", false, "schlüssel"},
		"no metadata value, but a key": {named, []string{"k"}, "schlüssel", "k", false, "schlüssel"},
	} {
		t.Run(name, func(t *testing.T) {
			marked := &bookingsv1.CreateBookingRequest{Room: "7", BookingKey: test.field}
			original := proto.CloneOf(marked)
			key := new(ClientMethod).Key(test.ctx, test.values, marked)
			want := test.text
			if want == minted && len(key.Text) == 36 && key.Text[14] == '4' { // RFC 9562
				want = key.Text
			}
			if key.Text != want || key.New != test.isNew {
				t.Errorf("key %q, new %t", key.Text, key.New)
			}
			if test.sent == minted {
				test.sent = key.Text
			}
			sent, _ := key.Fill(marked).(*bookingsv1.CreateBookingRequest)
			if sent.GetBookingKey() != test.sent || sent.GetRoom() != "7" || !proto.Equal(marked, original) {
				t.Errorf("sent %v, the caller has %v", sent, marked)
			}
		})
	}
}

// TestRequestIDsAreFilledByOption only: an API may use them for something else.
func TestRequestIDsAreFilledByOption(t *testing.T) {
	for requestIDs, want := range map[bool]string{true: "k", false: ""} {
		client, err := NewClient("test", []func(*ClientConfig){func(c *ClientConfig) { c.RequestIDs = requestIDs }})
		if err != nil {
			t.Fatal(err)
		}
		request := &bookingsv1.CancelBookingRequest{Id: "12"}
		method := client.Method(bookingsv1.BookingService_CancelBooking_FullMethodName, nil, false)
		key := method.Key(idempotency.WithKey(t.Context(), "k"), nil, request)
		if sent, _ := key.Fill(request).(*bookingsv1.CancelBookingRequest); sent.GetRequestId() != want {
			t.Errorf("with the option %t: sent %v", requestIDs, sent)
		}
	}
}

// TestFieldThatIsSetToNothing is not filled if the message can tell: AIP-4235.
func TestFieldThatIsSetToNothing(t *testing.T) {
	kind := dynamicpb.NewMessageType(allKinds(t))
	field := kind.Descriptor().Fields().ByName("key")
	for isSet, want := range map[bool]string{true: "", false: "k"} {
		request := kind.New()
		if isSet {
			request.Set(field, protoreflect.ValueOfString(""))
		}
		key := new(ClientMethod).Key(idempotency.WithKey(t.Context(), "k"), nil, request.Interface())
		sent, _ := key.Fill(request.Interface()).(proto.Message)
		if got := sent.ProtoReflect().Get(field).String(); got != want || key.Text != "k" {
			t.Errorf("set before %t: sent %q with the key %q", isSet, got, key.Text)
		}
	}
}

// TestCopyHasEverything that the caller's message has, and the key.
func TestCopyHasEverything(t *testing.T) {
	kind := dynamicpb.NewMessageType(allKinds(t))
	fields := kind.Descriptor().Fields()
	request := kind.New()
	request.Mutable(fields.ByName("list")).List().Append(protoreflect.ValueOfString("a"))
	request.Mutable(fields.ByName("map")).Map().Set(protoreflect.ValueOfString("a").MapKey(), protoreflect.ValueOfString("b"))
	request.Mutable(fields.ByName("nested")).Message().SetUnknown([]byte{8, 1})
	request.Set(fields.ByName("one"), protoreflect.ValueOfString("chosen"))
	request.SetUnknown([]byte{0xf8, 7, 1})
	original := proto.Clone(request.Interface())
	key := new(ClientMethod).Key(idempotency.WithKey(t.Context(), "k"), nil, request.Interface())
	sent := key.Fill(request.Interface())
	want := proto.Clone(original)
	want.ProtoReflect().Set(fields.ByName("key"), protoreflect.ValueOfString("k"))
	if got, ok := sent.(proto.Message); !ok || !proto.Equal(got, want) || !proto.Equal(request.Interface(), original) {
		t.Errorf("sent %v, the caller has %v", sent, request.Interface())
	}
}

// TestRequestsWithoutAMessage get a key in the metadata.
func TestRequestsWithoutAMessage(t *testing.T) {
	for _, request := range []any{nil, "text"} {
		key := new(ClientMethod).Key(t.Context(), nil, request)
		if sent := key.Fill(request); sent != request || key.Text == "" || !key.New {
			t.Errorf("sent %v with %+v", sent, key)
		}
	}
	var none *bookingsv1.CreateBookingRequest
	key := new(ClientMethod).Key(t.Context(), nil, none)
	if sent, _ := key.Fill(none).(*bookingsv1.CreateBookingRequest); sent.GetBookingKey() != key.Text || key.Text == "" {
		t.Errorf("sent %v with %+v", sent, key)
	}
}

// allKinds describes a message with a key and fields of all kinds.
func allKinds(t *testing.T) protoreflect.MessageDescriptor {
	t.Helper()
	const text, message = descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	one, many := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL, descriptorpb.FieldDescriptorProto_LABEL_REPEATED
	options := new(descriptorpb.FieldOptions)
	proto.SetExtension(options, idempotencyv1.E_Field, &idempotencyv1.FieldOptions{Key: true})
	entry := &descriptorpb.DescriptorProto{
		Name: new("MapEntry"), Options: &descriptorpb.MessageOptions{MapEntry: new(true)},
		Field: []*descriptorpb.FieldDescriptorProto{
			{Name: new("key"), Number: new(int32(1)), Type: text.Enum(), Label: one.Enum()},
			{Name: new("value"), Number: new(int32(2)), Type: text.Enum(), Label: one.Enum()},
		},
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("all.proto"), Package: new("all"), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{
			Name: new("All"), NestedType: []*descriptorpb.DescriptorProto{entry},
			OneofDecl: []*descriptorpb.OneofDescriptorProto{{Name: new("choice")}, {Name: new("_key")}},
			Field: []*descriptorpb.FieldDescriptorProto{
				{Name: new("key"), Number: new(int32(1)), Type: text.Enum(), Label: one.Enum(), Options: options, Proto3Optional: new(true), OneofIndex: new(int32(1))},
				{Name: new("list"), Number: new(int32(2)), Type: text.Enum(), Label: many.Enum()},
				{Name: new("map"), Number: new(int32(3)), Type: message.Enum(), TypeName: new(".all.All.MapEntry"), Label: many.Enum()},
				{Name: new("nested"), Number: new(int32(4)), Type: message.Enum(), TypeName: new(".all.All"), Label: one.Enum()},
				{Name: new("one"), Number: new(int32(5)), Type: text.Enum(), Label: one.Enum(), OneofIndex: new(int32(0))},
			},
		}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return file.Messages().Get(0)
}
