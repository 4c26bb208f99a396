package canonical

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// hostileInput is a request that is large in the way that its name says.
type hostileInput struct {
	name string
	kind proto.Message
	raw  []byte
}

// hostileInputs are of about the given size in bytes.
func hostileInputs(size int) []hostileInput {
	many := func(text string) []byte { return []byte(strings.Repeat(text, size/len(text))) }
	path := nested(1, nested(1, many("\x01")))
	return []hostileInput{
		{"unknown in order", new(emptypb.Empty), unknownFields(size, func(int) int { return 15 })},
		{"unknown of 2 bytes", new(emptypb.Empty), unknownFields(size, random(15))},
		{"unknown of 3 bytes", new(emptypb.Empty), unknownFields(size, random(2047))},
		{"unknown of 6 bytes", new(emptypb.Empty), unknownFields(size, random(1<<29-1))},
		{"unknown reversed", new(emptypb.Empty), unknownFields(size, func(i int) int { return 1<<29 - 1 - i })},
		{"unknown in many", new(structpb.ListValue), many("\x0a\x04\x78\x00\x70\x00")},
		{"groups", new(emptypb.Empty), many("\x0b\x0c")},
		{"groups in groups", new(emptypb.Empty), many(strings.Repeat("\x0b", 5000) + strings.Repeat("\x0c", 5000))},
		{"struct of many", new(structpb.Struct), members(size/21, "k")},
		{"struct of long names", new(structpb.Struct), members(size/70, strings.Repeat("k", 50))},
		{"structs of 1", new(structpb.ListValue), many(narrow("z"))},
		{"structs of 3", new(structpb.ListValue), many(narrow("zyx"))},
		{"texts", new(errdetails.ErrorInfo), texts(size / 17)},
		{"empty messages", new(descriptorpb.FileDescriptorSet), many("\x0a\x00")},
		{"small messages", new(descriptorpb.FileDescriptorSet), nested(1, many("\x22\x00"))},
		{"extensible messages", new(descriptorpb.FileDescriptorSet), many("\x0a\x02\x42\x00")},
		{"extended messages", new(descriptorpb.DescriptorProto), many(extended())},
		{"nulls", new(structpb.ListValue), many("\x0a\x02\x08\x00")},
		{"strings", new(fieldmaskpb.FieldMask), many("\x0a\x00")},
		{"numbers", new(descriptorpb.SourceCodeInfo), path},
		{"deep", new(structpb.Value), deep(size)},
		{"one string", new(structpb.Value), marshalled(structpb.NewStringValue(strings.Repeat("x", size)))},
		{"any of unknown", new(anypb.Any), inAny(1, unknownFields(size, random(15)))},
		{"any in any", new(anypb.Any), inAny(maxAny, unknownFields(size, random(15)))},
	}
}

func usual() proto.Message {
	return &paymentsv1.CreatePaymentRequest{
		Amount: 1250, Currency: "EUR", Customer: "cus_9s6XKzkNRiz8i3",
		Description: strings.Repeat("two tickets for the evening ", 6), Simulate: &paymentsv1.Simulate{Code: 14},
	}
}

func marshalled(message proto.Message) []byte {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		panic(err)
	}
	return raw
}

func random(most int) func(int) int {
	dice := rand.New(rand.NewPCG(1, 2))
	return func(int) int { return 1 + dice.IntN(most) }
}

func unknownFields(size int, number func(int) int) (raw []byte) {
	for i := 0; len(raw) < size; i++ {
		raw = protowire.AppendTag(raw, protowire.Number(number(i)), protowire.VarintType)
		raw = append(raw, 0)
	}
	return raw
}

func nested(number protowire.Number, raw []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), raw)
}

// members is a Struct of numbers, not in the order of their names.
func members(n int, prefix string) (raw []byte) {
	for i := range n {
		name := fmt.Sprintf("%s%07x", prefix, i*7919%0xfffffff)
		number := binary.LittleEndian.AppendUint64([]byte{0x11}, uint64(i))
		raw = append(raw, nested(1, append(nested(1, []byte(name)), nested(2, number)...))...)
	}
	return raw
}

// narrow is a Struct with members of the given names, in a Value in a list.
func narrow(names string) string {
	var inner []byte
	for _, name := range []byte(names) {
		inner = append(inner, nested(1, []byte{0x0a, 1, name, 0x12, 0})...)
	}
	return string(nested(1, nested(5, inner)))
}

// texts is a map of strings in the reverse order.
func texts(n int) (raw []byte) {
	for i := range n {
		entry := nested(1, fmt.Appendf(nil, "%08x", n-i))
		raw = append(raw, nested(3, append(entry, nested(2, []byte("v"))...))...)
	}
	return raw
}

// extended is a field whose options hold an extension.
func extended() string {
	options := new(descriptorpb.FieldOptions)
	proto.SetExtension(options, idempotencyv1.E_Field, new(idempotencyv1.FieldOptions))
	return string(marshalled(&descriptorpb.DescriptorProto{
		Field: []*descriptorpb.FieldDescriptorProto{{Options: options}},
	}))
}

// deep is a string in a list in a list, and so on.
func deep(size int) []byte {
	var w writer
	w.string(strings.Repeat("x", size))
	w.wrap(3<<3|2, 0)
	for range 4900 {
		w.wrap(1<<3|2, 0)
		w.wrap(6<<3|2, 0)
	}
	return written(&w)
}

func inAny(levels int, raw []byte) []byte {
	url := nested(1, []byte("type.googleapis.com/google.protobuf.Empty"))
	for range levels {
		raw = slices.Concat(url, nested(2, raw))
		url = nested(1, []byte("type.googleapis.com/google.protobuf.Any"))
	}
	return raw
}
