package rpc

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	"github.com/oncewire/idempotency/interceptor/internal/canonical"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

// newCall returns the call of a request with the key in the metadata, on an engine
// with the rules.
func newCall(t *testing.T, rules idempotency.KeyRules, procedure, key string, message proto.Message) idempotency.Call {
	t.Helper()
	store := memstore.New()
	t.Cleanup(func() { _ = store.Close() })
	engine, err := idempotency.New(store, idempotency.WithKeyRules(rules))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(t.Context()) })
	guard, err := NewGuard("test", engine, []func(*Config){}, nil)
	if err != nil {
		t.Fatal(err)
	}
	call, err := guard.NewCall(t.Context(), guard.Method(procedure, nil, false), []string{key}, message)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// TestFingerprintsOfAnUpgrade: a record of a server that counted the key field is
// that of the same message, and one of a server that does not count it is that of
// the same request with the key anywhere.
func TestFingerprintsOfAnUpgrade(t *testing.T) {
	const procedure = bookingsv1.BookingService_CancelBooking_FullMethodName
	request := &bookingsv1.CancelBookingRequest{Id: "12", RequestId: "k"}
	unset, other := &bookingsv1.CancelBookingRequest{Id: "12"}, &bookingsv1.CancelBookingRequest{Id: "13", RequestId: "k"}
	before := newCall(t, idempotency.KeyRules{}, procedure, "k", request)
	after := newCall(t, idempotency.KeyRules{RequestID: true}, procedure, "k", request)
	if before.Fingerprint[0] != fingerprint.Proto || after.Fingerprint[0] != fingerprint.ProtoKey {
		t.Errorf("algorithms %d and %d", before.Fingerprint[0], after.Fingerprint[0])
	}
	if whole := new(canonical.Digester).Digest(request); string(before.Fingerprint[1:]) != string(whole[:len(before.Fingerprint)-1]) {
		t.Error("without the rule the fingerprint is not that of the whole message")
	}
	same := func(call, record idempotency.Call) bool {
		return fingerprint.Same(call.Fingerprint, call.Rehasher, record.Fingerprint)
	}
	inHeader := newCall(t, idempotency.KeyRules{RequestID: true}, procedure, "k", unset)
	another := newCall(t, idempotency.KeyRules{RequestID: true}, procedure, "k", other)
	for name, test := range map[string]struct {
		call, record idempotency.Call
		want         bool
	}{
		"the same message, record from before": {after, before, true},
		"the same message, record from after":  {before, after, true},
		"the key only in the header":           {inHeader, after, true},
		"the key in the message":               {after, inHeader, true},
		"another request, record from before":  {another, before, false},
		"another request, record from after":   {another, after, false},
	} {
		if got := same(test.call, test.record); got != test.want {
			t.Errorf("%s: same is %t", name, got)
		}
	}
}
