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

// odd is a payment in a form that no encoder of ours would choose: fields out
// of order, and a varint longer than it need be.
var odd = []byte("\x1a\x03EUR\x10\x85\x80\x00\x0a\x05pay_1")

func payment(t *testing.T) proto.Message {
	t.Helper()
	message, err := NewReplayed((*paymentsv1.Payment)(nil).ProtoReflect().Type(), odd, false)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestReplayedBytesAreSentAsTheyWereStored(t *testing.T) {
	for name, options := range map[string]proto.MarshalOptions{
		"plain": {}, "deterministic": {Deterministic: true}, "cached": {UseCachedSize: true},
	} {
		raw, err := options.MarshalAppend([]byte("prefix"), payment(t))
		if err != nil || !bytes.Equal(raw, append([]byte("prefix"), odd...)) {
			t.Errorf("%s: marshals as %x, %v; want %x", name, raw, err, odd)
		}
	}
	if size := proto.Size(payment(t)); size != len(odd) {
		t.Errorf("size is %d, want %d", size, len(odd))
	}
}

// TestReplayedSurvivesALook : a logger that reads the message must not change
// what is sent.
func TestReplayedSurvivesALook(t *testing.T) {
	message := payment(t)
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
		t.Errorf("marshals as %x after a look, want %x", raw, odd)
	}
}

func TestReplayedCanBeCompared(t *testing.T) {
	want := &paymentsv1.Payment{Id: "pay_1", Amount: 5, Currency: "EUR"}
	if !proto.Equal(payment(t), want) || !proto.Equal(want, payment(t)) {
		t.Error("is not equal to the message it holds")
	}
	copied := proto.Clone(payment(t))
	if _, ok := copied.(*paymentsv1.Payment); !ok || !proto.Equal(copied, want) {
		t.Errorf("is cloned as %T %v", copied, copied)
	}
	if text := payment(t).(interface{ String() string }).String(); !strings.Contains(text, "pay_1") {
		t.Errorf("prints as %q", text)
	}
}

// TestReplayedCanBeChanged : an outer interceptor that hides a field has it
// hidden.
func TestReplayedCanBeChanged(t *testing.T) {
	fields := (*paymentsv1.Payment)(nil).ProtoReflect().Descriptor().Fields()
	for name, change := range map[string]func(protoreflect.Message){
		"clear": func(m protoreflect.Message) { m.Clear(fields.ByName("id")) },
		"set":   func(m protoreflect.Message) { m.Set(fields.ByName("id"), protoreflect.ValueOfString("")) },
	} {
		message := payment(t)
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

// TestReplayedMap : maps come out in the order in which they were stored, which
// decoding and encoding again would lose.
func TestReplayedMap(t *testing.T) {
	raw, err := proto.Marshal(wideStruct(t))
	if err != nil {
		t.Fatal(err)
	}
	message, err := NewReplayed((*structpb.Struct)(nil).ProtoReflect().Type(), raw, false)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := proto.Marshal(message); !bytes.Equal(again, raw) {
		t.Error("a map is sent in another order")
	}
}

func TestReplayedIsSharedSafely(t *testing.T) {
	message := payment(t)
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

func TestTypedReplay(t *testing.T) {
	kind := (*paymentsv1.Payment)(nil).ProtoReflect().Type()
	message, err := NewReplayed(kind, odd, true)
	if err != nil {
		t.Fatal(err)
	}
	if typed, ok := message.(*paymentsv1.Payment); !ok || typed.GetId() != "pay_1" {
		t.Errorf("is a %T", message)
	}
	if _, err := NewReplayed(kind, []byte{0xff}, true); err == nil {
		t.Error("junk is decoded")
	}
}
