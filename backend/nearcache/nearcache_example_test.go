package nearcache_test

import (
	"context"
	"fmt"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/backend/nearcache"
)

func ExampleNew() {
	shared := memstore.New() // in production, a store that is a round trip away
	defer shared.Close()
	store, err := nearcache.New(shared, nearcache.WithMaxBytes(16<<20))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	engine, err := idempotency.New(store)
	if err != nil {
		fmt.Println(err)
		return
	}

	call := idempotency.Call{Key: "order-17"}
	for range 2 {
		result, err := engine.Do(context.Background(), "charge", call, func(context.Context) ([]byte, error) {
			return []byte("charged"), nil
		})
		fmt.Println(string(result.Outcome), result.Replayed, err)
	}
	// Output:
	// charged false <nil>
	// charged true <nil>
}
