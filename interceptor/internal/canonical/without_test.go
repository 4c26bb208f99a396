package canonical

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestOmittedFieldIsUnset: the digest is that of the message without the field, from
// one digester in any order.
func TestOmittedFieldIsUnset(t *testing.T) {
	set := &bookingsv1.CreateBookingRequest{Room: "12", Nights: 2, BookingKey: "k"}
	unset := &bookingsv1.CreateBookingRequest{Room: "12", Nights: 2}
	omitted := set.ProtoReflect().Descriptor().Fields().ByName("booking_key")
	var digester Digester
	for range 2 {
		if digester.Digest(set) == digester.Digest(unset) {
			t.Error("the field does not count where it is not omitted")
		}
		if digester.DigestWithout(set, omitted) != digester.Digest(unset) || digester.DigestWithout(unset, omitted) != digester.Digest(unset) {
			t.Error("the field counts where it is omitted")
		}
	}
	another := &bookingsv1.CreateBookingRequest{Room: "13", Nights: 2, BookingKey: "k"}
	if digester.DigestWithout(set, omitted) == digester.DigestWithout(another, omitted) {
		t.Error("the other fields do not count")
	}
}

// TestOmittedFieldOfInnerMessages counts: it is the key of no call there.
func TestOmittedFieldOfInnerMessages(t *testing.T) {
	inner := func(key string) proto.Message {
		packed, err := anypb.New(&bookingsv1.CreateBookingRequest{BookingKey: key})
		if err != nil {
			t.Fatal(err)
		}
		return packed
	}
	omitted := new(anypb.Any).ProtoReflect().Descriptor().Fields().ByName("type_url")
	var digester Digester
	if digester.DigestWithout(inner("a"), omitted) == digester.DigestWithout(inner("b"), omitted) {
		t.Error("a field of a message in an Any does not count")
	}
	nested := func(text string) proto.Message {
		return structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{structpb.NewStringValue(text)}})
	}
	text := new(structpb.Value).ProtoReflect().Descriptor().Fields().ByName("string_value")
	if digester.DigestWithout(nested("a"), text) == digester.DigestWithout(nested("b"), text) {
		t.Error("a field of a nested message of the same type does not count")
	}
}

func TestOmittedFieldAllocates(t *testing.T) {
	message := &paymentsv1.CreatePaymentRequest{Amount: 1, Currency: "EUR", Customer: "c"}
	omitted := message.ProtoReflect().Descriptor().Fields().ByName("customer")
	var digester Digester
	measure := func(digest func()) float64 { digest(); return testing.AllocsPerRun(100, digest) }
	whole := measure(func() { digester.Digest(message) })
	if without := measure(func() { digester.DigestWithout(message, omitted) }); without > whole+0.5 {
		t.Errorf("%v allocations, want %v", without, whole)
	}
}
