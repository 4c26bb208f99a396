package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

func ExampleNew() {
	store := memstore.New()
	defer store.Close()
	engine, err := idempotency.New(store,
		idempotency.WithPolicy("*", idempotency.Policy{Retention: 72 * time.Hour, Wait: 5 * time.Second}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(context.Background())
	fmt.Println(engine.Operation("/bank.v1.Bank/Pay", idempotency.Policy{}).Policy().Wait)
	// Output: 5s
}

func ExampleEngine_Do() {
	store := memstore.New()
	defer store.Close()
	engine, _ := idempotency.New(store)
	defer engine.Close(context.Background())

	send := func(context.Context) ([]byte, error) {
		fmt.Println("sending the invoice")
		return []byte("invoice 17"), nil
	}
	for range 2 { // a queue delivers at least once
		call := idempotency.Call{Key: "message-4711", Fingerprint: idempotency.NewFingerprint([]byte("invoice 17"))}
		result, err := engine.Do(context.Background(), "send-invoice", call, send)
		fmt.Printf("%s, replayed: %v, %v\n", result.Outcome, result.Replayed, err)
	}
	// Output:
	// sending the invoice
	// invoice 17, replayed: false, <nil>
	// invoice 17, replayed: true, <nil>
}

func ExampleNoEffect() {
	store := memstore.New()
	defer store.Close()
	engine, _ := idempotency.New(store, idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: idempotency.Reject}))
	defer engine.Close(context.Background())

	answers := []error{idempotency.NoEffect(errors.New("mail server is busy")), nil}
	for _, answer := range answers {
		call := idempotency.Call{Key: "message-4711"}
		result, err := engine.Do(context.Background(), "send-invoice", call, func(context.Context) ([]byte, error) {
			return []byte("sent"), answer
		})
		fmt.Printf("%q %v\n", result.Outcome, err)
	}
	// Output:
	// "" mail server is busy
	// "sent" <nil>
}
