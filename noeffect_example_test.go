package idempotency_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// A handler that knows that it did nothing releases its key, whatever it answers.
func ExampleExecution_NoEffect() {
	store := memstore.New()
	defer store.Close()
	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())

	overloaded := true
	charge := func(ctx context.Context) ([]byte, error) {
		execution, _ := idempotency.FromContext(ctx)
		if overloaded {
			execution.NoEffect()
			return nil, errors.New("overloaded")
		}
		return fmt.Appendf(nil, "charged by attempt %d", execution.Attempt), nil
	}
	for range 2 {
		result, err := engine.Do(context.Background(), "charge", idempotency.Call{Key: "order-1"}, charge)
		fmt.Printf("%q %v\n", result.Outcome, err)
		overloaded = false
	}
	// Output:
	// "" overloaded
	// "charged by attempt 1" <nil>
}
