package memstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

func ExampleNew() {
	store := memstore.New(memstore.WithMaxRecords(1_000_000), memstore.WithMaxBytes(1<<30))
	defer store.Close()

	claim := backend.Claim{Token: backend.Token{1}, Attempt: 1, Lease: 30 * time.Second}
	rec, err := store.Claim(context.Background(), backend.Key{}, claim)
	fmt.Println(rec.Token == claim.Token, err)
	// Output: true <nil>
}
