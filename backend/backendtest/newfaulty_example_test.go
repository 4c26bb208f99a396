package backendtest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

// A store that cannot be reached: calls are refused, and their handlers do not run.
func ExampleNewFaulty() {
	store := memstore.New()
	defer store.Close()
	faulty := backendtest.NewFaulty(store, func(op backendtest.Op) backendtest.Fault {
		if op == backendtest.OpClaim {
			return backendtest.Fault{Err: errors.New("connection refused")}
		}
		return backendtest.Fault{}
	})
	engine, err := idempotency.New(faulty)
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())

	charge := func(context.Context) ([]byte, error) { return []byte("charged"), nil }
	_, err = engine.Do(context.Background(), "charge", idempotency.Call{Key: "order-1"}, charge)
	fmt.Println(errors.Is(err, idempotency.ErrStore))

	faulty.Set(nil) // the store works again
	result, err := engine.Do(context.Background(), "charge", idempotency.Call{Key: "order-1"}, charge)
	fmt.Printf("%s %v\n", result.Outcome, err)
	// Output:
	// true
	// charged <nil>
}
