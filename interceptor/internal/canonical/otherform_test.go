package canonical

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func TestEveryValueMatters(t *testing.T) {
	base := &paymentsv1.CreatePaymentRequest{Amount: 1, Currency: "EUR", Simulate: &paymentsv1.Simulate{Code: 1}}
	for name, change := range map[string]func(*paymentsv1.CreatePaymentRequest){
		"another number":    func(r *paymentsv1.CreatePaymentRequest) { r.Amount = 2 },
		"an unset number":   func(r *paymentsv1.CreatePaymentRequest) { r.Amount = 0 },
		"another string":    func(r *paymentsv1.CreatePaymentRequest) { r.Currency = "USD" },
		"a string moved":    func(r *paymentsv1.CreatePaymentRequest) { r.Currency, r.Customer = "", "EUR" },
		"an inner value":    func(r *paymentsv1.CreatePaymentRequest) { r.Simulate.Code = 2 },
		"an empty message":  func(r *paymentsv1.CreatePaymentRequest) { r.Simulate.Code = 0 },
		"an absent message": func(r *paymentsv1.CreatePaymentRequest) { r.Simulate = nil },
		"an unknown field": func(r *paymentsv1.CreatePaymentRequest) {
			r.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 999, protowire.VarintType), 1))
		},
	} {
		changed := proto.CloneOf(base)
		change(changed)
		if digest(t, base) == digest(t, changed) {
			t.Errorf("%s leaves the digest alone", name)
		}
	}
}

func TestUnknownFieldsAreSorted(t *testing.T) {
	field := func(number protowire.Number, value uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), value)
	}
	of := func(fields ...[]byte) [sha256.Size]byte {
		message := new(paymentsv1.Simulate)
		message.ProtoReflect().SetUnknown(bytes.Join(fields, nil))
		return digest(t, message)
	}
	if of(field(100, 1), field(101, 2)) != of(field(101, 2), field(100, 1)) {
		t.Error("the order of unknown fields matters")
	}
	if of(field(100, 1), field(100, 2)) == of(field(100, 2), field(100, 1)) {
		t.Error("the order within one unknown field, which may be a list, does not matter")
	}
}

func TestExtensionsMatter(t *testing.T) {
	plain, extended := new(descriptorpb.MethodOptions), new(descriptorpb.MethodOptions)
	proto.SetExtension(extended, idempotencyv1.E_Method, &idempotencyv1.MethodOptions{Key: idempotencyv1.KeyMode_KEY_MODE_IGNORED})
	if digest(t, plain) == digest(t, extended) {
		t.Error("an extension leaves the digest alone")
	}
}

func TestAnyOfUnknownTypeMatters(t *testing.T) {
	a := &anypb.Any{TypeUrl: "type.googleapis.com/no.such.Type", Value: []byte{1}}
	b := &anypb.Any{TypeUrl: "type.googleapis.com/no.such.Type", Value: []byte{2}}
	if digest(t, a) == digest(t, b) {
		t.Error("the content of an Any of unknown type does not matter")
	}
}
