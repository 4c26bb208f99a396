package rpc

import (
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

// TestFingerprintOfACall pins it: the algorithm and the digest of the canonical
// form, whose bytes package canonical pins.
func TestFingerprintOfACall(t *testing.T) {
	store := memstore.New()
	defer store.Close()
	engine, err := idempotency.New(store)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(t.Context())
	guard, err := NewGuard("test", engine, []func(*Config){}, nil)
	if err != nil {
		t.Fatal(err)
	}
	message := &paymentsv1.CreatePaymentRequest{
		Simulate: &paymentsv1.Simulate{Code: 14, Crash: true},
		Customer: "cus_1", Amount: 1250, Currency: "EUR",
	}
	method := guard.Method(paymentsv1.PaymentService_CreatePayment_FullMethodName, nil, false)
	call, err := guard.NewCall(t.Context(), method, []string{"k"}, message)
	if err != nil {
		t.Fatal(err)
	}
	form := []byte("\x08\xe2\x09\x12\x03EUR\x1a\x05cus_1\x2a\x04\x10\x0e\x18\x01")
	if call.Fingerprint != fingerprint.New(fingerprint.Proto, form) {
		t.Errorf("the fingerprint is %x", call.Fingerprint)
	}
}
