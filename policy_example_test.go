package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// Every duplicate waits for the first call, and payments need a key and are never
// started twice.
func ExampleWithPolicy() {
	store := memstore.New()
	defer store.Close()
	engine, err := idempotency.New(store,
		idempotency.WithPolicy("*", idempotency.Policy{Wait: 10 * time.Second}),
		idempotency.WithPolicy("/payments.v1.PaymentService/*", idempotency.Policy{
			Key:         idempotency.KeyRequired,
			Retention:   7 * 24 * time.Hour,
			OnAbandoned: idempotency.Reject,
		}))
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())

	for _, name := range []string{"/payments.v1.PaymentService/Pay", "POST /notes"} {
		operation := engine.Operation(name, idempotency.Policy{}) // as an adapter does
		policy := operation.Policy()
		_, err := operation.ParseKey(context.Background(), nil)
		fmt.Printf("%s waits %s, keeps answers %s, without a key: %t\n",
			name, policy.Wait, policy.Retention, !errors.Is(err, idempotency.ErrKeyMissing))
	}
	// Output:
	// /payments.v1.PaymentService/Pay waits 10s, keeps answers 168h0m0s, without a key: false
	// POST /notes waits 10s, keeps answers 24h0m0s, without a key: true
}
