package idempotency_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// account is what authentication leaves in the context.
type account struct{}

func ExampleWithScope() {
	store := memstore.New()
	defer store.Close()
	engine, _ := idempotency.New(store, idempotency.WithScope(func(ctx context.Context) (string, error) {
		id, known := ctx.Value(account{}).(string)
		if !known {
			return "", errors.New("not logged in")
		}
		return id, nil
	}))
	defer engine.Close(context.Background())

	for _, id := range []string{"jane", "joe", "jane"} {
		ctx := context.WithValue(context.Background(), account{}, id)
		call := idempotency.Call{Key: "1"} // every caller's first order
		result, _ := engine.Do(ctx, "order", call, func(context.Context) ([]byte, error) {
			return []byte("order of " + id), nil
		})
		fmt.Printf("%s: %s, replayed: %v\n", id, result.Outcome, result.Replayed)
	}
	_, err := engine.Do(context.Background(), "order", idempotency.Call{Key: "1"}, nil)
	fmt.Println(errors.Is(err, idempotency.ErrScopeUnknown))
	// Output:
	// jane: order of jane, replayed: false
	// joe: order of joe, replayed: false
	// jane: order of jane, replayed: true
	// true
}
