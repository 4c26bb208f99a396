package idempotency_test

import (
	"context"
	"fmt"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

func ExampleFromContext() {
	store := memstore.New()
	defer store.Close()
	engine, _ := idempotency.New(store)
	defer engine.Close(context.Background())

	charge := func(ctx context.Context) ([]byte, error) {
		execution, _ := idempotency.FromContext(ctx)
		if execution.Recovered {
			fmt.Println("attempt", execution.Attempt, "looks first whether the card was charged")
			return []byte("charged"), nil
		}
		fmt.Println("attempt", execution.Attempt, "loses the connection to the bank")
		return nil, context.DeadlineExceeded
	}
	for range 2 {
		_, _ = engine.Do(context.Background(), "charge", idempotency.Call{Key: "order-1"}, charge)
	}
	// Output:
	// attempt 1 loses the connection to the bank
	// attempt 2 looks first whether the card was charged
}

func ExampleExecution_DeriveKey() {
	store := memstore.New()
	defer store.Close()
	engine, _ := idempotency.New(store)
	defer engine.Close(context.Background())

	order := func(ctx context.Context) ([]byte, error) {
		execution, _ := idempotency.FromContext(ctx)
		fmt.Println("pay with", execution.DeriveKey("payment"))
		fmt.Println("ship with", execution.DeriveKey("shipment"))
		return nil, context.DeadlineExceeded
	}
	for range 2 { // the second attempt sends the same keys
		_, _ = engine.Do(context.Background(), "order", idempotency.Call{Key: "order-1"}, order)
	}
	// Output:
	// pay with 26c55a86-43fa-8555-a9d0-45d0ed4138ef
	// ship with ad5168cd-1868-8fd0-8f88-598b4bbf4ba5
	// pay with 26c55a86-43fa-8555-a9d0-45d0ed4138ef
	// ship with ad5168cd-1868-8fd0-8f88-598b4bbf4ba5
}
