package outcome_test

import (
	"bytes"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/internal/outcome"
)

// answers are RPC answers of every shape.
var answers = map[string]outcome.RPC{
	"nothing":       {},
	"success":       {Message: wrapperspb.String("paid"), Headers: fields(), Trailers: map[string][]string{"x-trailer": {"t"}}},
	"empty message": {Message: &emptypb.Empty{}},
	"large message": {Message: wrapperspb.Bytes(bytes.Repeat([]byte{0xff}, 1<<20))},
	"typed nil":     {Message: (*wrapperspb.StringValue)(nil)},
	"failure":       {Status: []byte("\x08\x0a\x12\x07aborted"), Trailers: fields()},
	"headers only":  {Headers: fields()},
	"stream":        {Stream: true, Messages: [][]byte{[]byte("\x0a\x01a"), {}, []byte("\x0a\x01b")}, Headers: fields(), Trailers: fields()},
	"no messages":   {Stream: true},
	"failed stream": {Stream: true, Messages: [][]byte{{}}, Status: []byte("\x08\x0a")},
}

// TestRPCConformsToTheSchema: the generated code reads what is written.
func TestRPCConformsToTheSchema(t *testing.T) {
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			raw, err := answer.Marshal()
			ok(t, err)
			message := parsed(t, raw)
			equal(t, "format", message.GetFormat(), 1)
			rpc := message.GetRpc()
			if rpc == nil {
				t.Fatal("no RPC outcome")
			}
			equal(t, "status", string(rpc.GetStatus()), string(answer.Status))
			equal(t, "stream", rpc.GetStream(), answer.Stream)
			equal(t, "messages", slices.EqualFunc(rpc.GetMessages(), answer.Messages, bytes.Equal), true)
			stored, err := outcome.ReadRPC(raw)
			ok(t, err)
			equal(t, "stream that is read", stored.Stream, answer.Stream)
			equal(t, "messages that are read", slices.EqualFunc(stored.Messages, answer.Messages, bytes.Equal), true)
			sameFields(t, "headers", plain(rpc.GetHeaders()), answer.Headers)
			sameFields(t, "trailers", plain(rpc.GetTrailers()), answer.Trailers)
			if answer.Message == nil {
				equal(t, "message type", rpc.GetMessageType(), "")
				equal(t, "size of the message", len(rpc.GetMessage()), 0)
				return
			}
			kind := answer.Message.ProtoReflect()
			equal(t, "message type", rpc.GetMessageType(), string(kind.Descriptor().FullName()))
			again := kind.New().Interface()
			ok(t, proto.Unmarshal(rpc.GetMessage(), again))
			equal(t, "same message", proto.Equal(again, answer.Message) || !kind.IsValid(), true)
		})
	}
}

func TestRPCRoundTrip(t *testing.T) {
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			raw, err := answer.Marshal()
			ok(t, err)
			stored, err := outcome.ReadRPC(raw)
			ok(t, err)
			equal(t, "status", string(stored.Status), string(answer.Status))
			equal(t, "message", string(stored.Message), string(parsed(t, raw).GetRpc().GetMessage()))
			equal(t, "message type", stored.MessageType, parsed(t, raw).GetRpc().GetMessageType())
			sameFields(t, "headers", copied(stored.Headers), answer.Headers)
			sameFields(t, "trailers", copied(stored.Trailers), answer.Trailers)
			equal(t, "number of headers", stored.Headers.Len(), len(answer.Headers))
			equal(t, "number of trailers", stored.Trailers.Len(), len(answer.Trailers))
		})
	}
}

func TestRPCOfTheGeneratedCodeIsRead(t *testing.T) {
	raw := wire(t, rpcOutcome(&idempotencyv1.RpcOutcome{
		Status: []byte("status"), MessageType: "bank.v1.Receipt", Message: []byte("message"),
		Headers: generated(fields()), Trailers: generated(map[string][]string{"x": {"y"}}),
	}))
	stored, err := outcome.ReadRPC(raw)
	ok(t, err)
	equal(t, "status", string(stored.Status), "status")
	equal(t, "message type", stored.MessageType, "bank.v1.Receipt")
	equal(t, "message", string(stored.Message), "message")
	sameFields(t, "headers", copied(stored.Headers), fields())
	sameFields(t, "trailers", copied(stored.Trailers), map[string][]string{"x": {"y"}})
}

// growing is a message that changes each time it is read.
type growing struct{ *wrapperspb.StringValue }

func (g growing) ProtoReflect() protoreflect.Message {
	g.Value += "x"
	return g.StringValue.ProtoReflect()
}

func TestMessageThatChangesIsRefused(t *testing.T) {
	answer := outcome.RPC{Message: growing{wrapperspb.String("")}}
	raw, err := answer.Marshal()
	if err == nil || raw != nil {
		t.Errorf("got %q, %v, want an error alone", raw, err)
	}
}

func TestMessageThatCannotBeWrittenIsRefused(t *testing.T) {
	answer := outcome.RPC{Message: wrapperspb.String("\xff")} // not UTF-8
	raw, err := answer.Marshal()
	if err == nil || raw != nil {
		t.Errorf("got %q, %v, want an error alone", raw, err)
	}
}
