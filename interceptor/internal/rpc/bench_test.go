package rpc

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

const mebi = 1 << 20

// BenchmarkFingerprint shows, for the messages that cost the most, that a
// fingerprint costs little more than the decoding that the server has done
// anyway: at most three times the time, and twice the memory. Decoding an Any
// includes the message in it.
func BenchmarkFingerprint(b *testing.B) {
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
		b.Run(input.name+"/fingerprint", func(b *testing.B) {
			message := decoded(b, input.kind, input.raw)
			var prints Fingerprinter
			b.ReportAllocs()
			b.SetBytes(int64(len(input.raw)))
			for b.Loop() {
				prints.Fingerprint(message)
			}
		})
	}
}

// decoded returns a message, after decoding what is in it if it is an Any.
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
