package idempotency_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// A key that is used for another request is refused.
func ExampleNewFingerprint() {
	store := memstore.New()
	defer store.Close()
	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())

	for _, body := range []string{"5 EUR", "5 EUR", "500 EUR"} {
		call := idempotency.Call{Key: "order-1", Fingerprint: idempotency.NewFingerprint([]byte(body))}
		result, err := engine.Do(context.Background(), "charge", call, func(context.Context) ([]byte, error) {
			return []byte("charged " + body), nil
		})
		fmt.Printf("%q replayed: %t, another request: %t\n",
			result.Outcome, result.Replayed, errors.Is(err, idempotency.ErrKeyReused))
	}
	// Output:
	// "charged 5 EUR" replayed: false, another request: false
	// "charged 5 EUR" replayed: true, another request: false
	// "" replayed: false, another request: true
}
