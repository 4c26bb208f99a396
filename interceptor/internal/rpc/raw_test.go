package rpc

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// odd is a payment in a form that encoders do not choose: fields out of order, and
// a varint longer than necessary.
var odd = []byte("\x1a\x03EUR\x10\x85\x80\x00\x0a\x05pay_1")

func payment() proto.Message {
	return newRaw((*paymentsv1.Payment)(nil).ProtoReflect().Type(), odd)
}

func TestRawBytesAreSentAsRecorded(t *testing.T) {
	for name, options := range map[string]proto.MarshalOptions{
		"plain": {}, "deterministic": {Deterministic: true}, "cached": {UseCachedSize: true},
	} {
		raw, err := options.MarshalAppend([]byte("prefix"), payment())
		if err != nil || !bytes.Equal(raw, append([]byte("prefix"), odd...)) {
			t.Errorf("%s: marshals as %x, %v; want %x", name, raw, err, odd)
		}
	}
	if size := proto.Size(payment()); size != len(odd) {
		t.Errorf("size is %d, want %d", size, len(odd))
	}
}

// TestRawIsUnchangedByReading : a logger that reads the message must not change what
// is sent.
func TestRawIsUnchangedByReading(t *testing.T) {
	message := payment()
	text, err := protojson.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	seen := new(paymentsv1.Payment)
	if err := protojson.Unmarshal(text, seen); err != nil {
		t.Fatal(err)
	}
	if want := (&paymentsv1.Payment{Id: "pay_1", Amount: 5, Currency: "EUR"}); !proto.Equal(seen, want) {
		t.Errorf("reads as %v, want %v", seen, want)
	}
	if raw, _ := proto.Marshal(message); !bytes.Equal(raw, odd) {
		t.Errorf("marshals as %x after reading, want %x", raw, odd)
	}
}

func TestRawCanBeCompared(t *testing.T) {
	want := &paymentsv1.Payment{Id: "pay_1", Amount: 5, Currency: "EUR"}
	if !proto.Equal(payment(), want) || !proto.Equal(want, payment()) {
		t.Error("is not equal to the message it holds")
	}
	copied := proto.Clone(payment())
	if _, ok := copied.(*paymentsv1.Payment); !ok || !proto.Equal(copied, want) {
		t.Errorf("is cloned as %T %v", copied, copied)
	}
	if text := payment().(interface{ String() string }).String(); !strings.Contains(text, "pay_1") {
		t.Errorf("prints as %q", text)
	}
}

// TestRawCanBeChanged : a field that an outer interceptor clears is not sent.
func TestRawCanBeChanged(t *testing.T) {
	fields := (*paymentsv1.Payment)(nil).ProtoReflect().Descriptor().Fields()
	for name, change := range map[string]func(protoreflect.Message){
		"clear": func(m protoreflect.Message) { m.Clear(fields.ByName("id")) },
		"set":   func(m protoreflect.Message) { m.Set(fields.ByName("id"), protoreflect.ValueOfString("")) },
	} {
		message := payment()
		change(message.ProtoReflect())
		raw, err := proto.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		sent := new(paymentsv1.Payment)
		if err := proto.Unmarshal(raw, sent); err != nil {
			t.Fatal(err)
		}
		if want := (&paymentsv1.Payment{Amount: 5, Currency: "EUR"}); !proto.Equal(sent, want) {
			t.Errorf("%s: %v is sent, want %v", name, sent, want)
		}
	}
}

// TestRawMap : a map is sent in its recorded order, which decoding and encoding
// would change.
func TestRawMap(t *testing.T) {
	fields := map[string]any{}
	for n := range 40 {
		fields[string(rune('a'+n))] = n
	}
	wide, err := structpb.NewStruct(fields)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := proto.Marshal(wide)
	if err != nil {
		t.Fatal(err)
	}
	message := newRaw((*structpb.Struct)(nil).ProtoReflect().Type(), raw)
	if again, _ := proto.Marshal(message); !bytes.Equal(again, raw) {
		t.Error("a map is sent in another order")
	}
}

func TestRawIsSharedSafely(t *testing.T) {
	message := payment()
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			if _, err := protojson.Marshal(message); err != nil {
				t.Error(err)
			}
			if raw, _ := proto.Marshal(message); !bytes.Equal(raw, odd) {
				t.Errorf("marshals as %x", raw)
			}
		})
	}
	readers.Wait()
}
