package idempotency_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

// outbox holds the requests that a relay still has to send, by their keys. In
// production it is a table with a unique column for the key.
type outbox map[string]string

// placeOrder writes the order and the request for its shipment in one transaction.
// Every attempt of one call derives the same key, so a second attempt changes nothing.
func placeOrder(ctx context.Context, pending outbox) ([]byte, error) {
	execution, _ := idempotency.FromContext(ctx)
	pending[execution.DeriveKey("shipment")] = `{"parcel": "a book"}`
	return []byte("order placed"), nil
}

// relay sends what is pending, as often as it takes: the service behind it is
// guarded, and sees one key for each shipment.
func relay(ctx context.Context, client *http.Client, url string, pending outbox) error {
	for key, body := range pending {
		request, err := http.NewRequestWithContext(idempotency.WithKey(ctx, key), http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		answer, _ := io.ReadAll(response.Body)
		response.Body.Close()
		fmt.Printf("%s, replayed: %t\n", answer, httpmw.Replayed(response))
	}
	return nil
}

// The handler stores what other services have to do, and a relay sends it.
func Example_outbox() {
	store := memstore.New()
	defer store.Close()
	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())
	guard, err := httpmw.New(engine)
	if err != nil {
		panic(err)
	}
	shipments := 0
	server := httptest.NewServer(guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		shipments++
		fmt.Fprintf(w, "shipment %d", shipments)
	})))
	defer server.Close()
	transport, err := httpmw.NewTransport(nil)
	if err != nil {
		panic(err)
	}

	pending := outbox{}
	place := func(ctx context.Context) ([]byte, error) { return placeOrder(ctx, pending) }
	if _, err := engine.Do(context.Background(), "order", idempotency.Call{Key: "order-1"}, place); err != nil {
		panic(err)
	}
	for range 2 { // the relay stops before it marks the request as sent, and starts again
		if err := relay(context.Background(), &http.Client{Transport: transport}, server.URL, pending); err != nil {
			panic(err)
		}
	}
	// Output:
	// shipment 1, replayed: false
	// shipment 1, replayed: true
}
