package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// message is what a queue delivers at least once.
type message struct{ id, body string }

// consume returns what to tell the queue: to forget the message, to deliver it
// later, or to put it aside.
func consume(ctx context.Context, engine *idempotency.Engine, m message) string {
	call := idempotency.Call{Key: m.id, Fingerprint: idempotency.NewFingerprint([]byte(m.body))}
	_, err := engine.Do(ctx, "send-invoice", call, func(context.Context) ([]byte, error) {
		fmt.Println("sends", m.body)
		return nil, nil
	})
	var refusal *idempotency.Error
	switch {
	case err == nil:
		return "acknowledge" // it ran, now or before
	case errors.As(err, &refusal) && refusal.Next() != idempotency.NextRetrySameKey:
		return "put aside" // such as another message with the same id
	default:
		return "deliver later" // it runs elsewhere, or failed
	}
}

// A consumer of a queue handles each message once.
func Example_consumer() {
	store := memstore.New() // in production, one that all consumers share
	defer store.Close()
	engine, err := idempotency.New(store,
		idempotency.WithPolicy("send-invoice", idempotency.Policy{Retention: 7 * 24 * time.Hour}))
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())

	for _, m := range []message{{"m1", "invoice 17"}, {"m1", "invoice 17"}, {"m1", "invoice 18"}} {
		fmt.Println(consume(context.Background(), engine, m))
	}
	// Output:
	// sends invoice 17
	// acknowledge
	// acknowledge
	// put aside
}
