package canonical

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

const mebi = 1 << 20

// BenchmarkDigest compares the digest of the most expensive messages with their
// decoding, which the server does anyway: a digest takes at most three times the
// time and twice the memory. Decoding an Any includes the message in it.
func BenchmarkDigest(b *testing.B) {
	inputs := []hostileInput{{"payment", new(paymentsv1.CreatePaymentRequest), marshalled(usual())}}
	for _, size := range []int{1, 4} {
		for _, input := range hostileInputs(size * mebi) {
			input.name = fmt.Sprintf("%s, %d MiB", input.name, size)
			inputs = append(inputs, input)
		}
	}
	for _, input := range inputs {
		b.Run(input.name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(input.raw)))
			for b.Loop() {
				decoded(b, input.kind, input.raw)
			}
		})
		b.Run(input.name+"/digest", func(b *testing.B) {
			message := decoded(b, input.kind, input.raw)
			var digester Digester
			b.ReportAllocs()
			b.SetBytes(int64(len(input.raw)))
			for b.Loop() {
				digester.Digest(message)
			}
		})
	}
}

// decoded returns a message. If it is an Any, its content is decoded too.
func decoded(t testing.TB, kind proto.Message, raw []byte) proto.Message {
	t.Helper()
	partial := proto.UnmarshalOptions{AllowPartial: true}
	message := kind.ProtoReflect().New().Interface()
	err := partial.Unmarshal(raw, message)
	inner := message
	for range maxAny {
		if envelope, ok := inner.(*anypb.Any); ok && err == nil {
			inner, err = anypb.UnmarshalNew(envelope, partial)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return message
}
