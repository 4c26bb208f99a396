package outcome_test

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/wrapperspb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/internal/outcome"
)

// stored returns complete outcomes of both kinds.
func stored(tb testing.TB) (rpc, http []byte) {
	tb.Helper()
	answer := outcome.RPC{Message: wrapperspb.String("paid"), Headers: fields(), Trailers: fields()}
	rpc, err := answer.Marshal()
	ok(tb, err)
	response := outcome.HTTP{Status: 201, Headers: set(fields()), Body: []byte("paid"), Trailers: set(fields())}
	return rpc, response.Marshal()
}

// newer appends fields of every wire type, which a later version may add, to a message.
func newer(message []byte) []byte {
	message = protowire.AppendTag(message, 100, protowire.VarintType)
	message = protowire.AppendVarint(message, 1<<60)
	message = protowire.AppendTag(message, 101, protowire.Fixed32Type)
	message = protowire.AppendFixed32(message, 7)
	message = protowire.AppendTag(message, 102, protowire.Fixed64Type)
	message = protowire.AppendFixed64(message, 7)
	message = protowire.AppendTag(message, 103, protowire.BytesType)
	message = protowire.AppendString(message, "new")
	message = protowire.AppendTag(message, 104, protowire.StartGroupType)
	message = protowire.AppendTag(message, 1, protowire.VarintType)
	message = protowire.AppendVarint(message, 1)
	return protowire.AppendTag(message, 104, protowire.EndGroupType)
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	field := &idempotencyv1.Field{Name: "x", Values: [][]byte{[]byte("y")}}
	field.ProtoReflect().SetUnknown(newer(nil))
	list := []*idempotencyv1.Field{field}
	rpc := &idempotencyv1.RpcOutcome{Message: []byte("m"), Headers: list, Trailers: list}
	rpc.ProtoReflect().SetUnknown(newer(nil))
	readRPC, err := outcome.ReadRPC(newer(wire(t, rpcOutcome(rpc))))
	ok(t, err)
	equal(t, "message", string(readRPC.Message), "m")
	http := &idempotencyv1.HttpOutcome{Status: 200, Body: []byte("b"), Headers: list, Trailers: list}
	http.ProtoReflect().SetUnknown(newer(nil))
	readHTTP, err := outcome.ReadHTTP(newer(wire(t, httpOutcome(http))))
	ok(t, err)
	equal(t, "body", string(readHTTP.Body), "b")
	for _, each := range []outcome.Fields{readRPC.Headers, readRPC.Trailers, readHTTP.Headers, readHTTP.Trailers} {
		sameFields(t, "fields", copied(each), map[string][]string{"x": {"y"}})
	}
}

func TestOtherFormatsAreRefused(t *testing.T) {
	for _, format := range []uint32{0, 2, 1 << 31} {
		rpc := rpcOutcome(&idempotencyv1.RpcOutcome{Message: []byte("m")})
		http := httpOutcome(&idempotencyv1.HttpOutcome{Status: 200})
		rpc.Format, http.Format = format, format
		_, err := outcome.ReadRPC(wire(t, rpc))
		unreadable(t, err)
		_, err = outcome.ReadHTTP(wire(t, http))
		unreadable(t, err)
	}
}

func TestTheOtherKindIsRefused(t *testing.T) {
	rpc, http := stored(t)
	_, err := outcome.ReadRPC(http)
	unreadable(t, err)
	_, err = outcome.ReadHTTP(rpc)
	unreadable(t, err)
}

func TestOtherBytesAreRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing": "", "text": "hello", "JSON": `{"format":1}`, "format alone": "\x08\x01",
		"kind of another type": "\x08\x01\x10\x01\x18\x01", "group without end": "\x08\x01\x13", "field zero": "\x00\x00",
		"length beyond the end": "\x08\x01\x12\x7f\x1a\x7f", "endless length": "\x08\x01\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := outcome.ReadRPC([]byte(raw))
			unreadable(t, err)
			_, err = outcome.ReadHTTP([]byte(raw))
			unreadable(t, err)
		})
	}
}

// TestTornOutcomesAreRefused: complete outcomes are cut at every byte.
func TestTornOutcomesAreRefused(t *testing.T) {
	rpc, http := stored(t)
	for end := range rpc {
		_, err := outcome.ReadRPC(rpc[:end:end])
		unreadable(t, err)
	}
	for end := range http {
		_, err := outcome.ReadHTTP(http[:end:end])
		unreadable(t, err)
	}
}

// TestDamagedFieldsAreRefused: the damage is inside a header, which a reader of the
// outer message alone would not detect.
func TestDamagedFieldsAreRefused(t *testing.T) {
	for _, number := range []protowire.Number{4, 5} {
		raw := rawOutcome(2, protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), []byte("\x0a\x7fx")))
		_, err := outcome.ReadRPC(raw)
		unreadable(t, err)
	}
	for _, number := range []protowire.Number{2, 4} {
		inner := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 200)
		inner = protowire.AppendBytes(protowire.AppendTag(inner, number, protowire.BytesType), []byte("\x12\x7fx"))
		_, err := outcome.ReadHTTP(rawOutcome(3, inner))
		unreadable(t, err)
	}
}

// rawOutcome returns an outcome of the kind with any content.
func rawOutcome(kind protowire.Number, content []byte) []byte {
	raw := protowire.AppendTag(nil, kind, protowire.BytesType)
	raw = protowire.AppendBytes(raw, content)
	return protowire.AppendVarint(protowire.AppendTag(raw, 1, protowire.VarintType), 1)
}
