package idempotency_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

func ExampleNewKey() {
	key := idempotency.NewKey() // one for each effect that is to happen once
	fmt.Println(len(key), "characters, version", key[14:15])
	// Output: 36 characters, version 4
}

// A program that may start again stores the key with the order, before it sends
// the first request.
func ExampleWithKey() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Idempotency-Key"))
	}))
	defer server.Close()
	transport, err := httpmw.NewTransport(nil)
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: transport}

	stored := "pay-order-17" // read from the order
	ctx := idempotency.WithKey(context.Background(), stored)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, nil)
	if err != nil {
		panic(err)
	}
	response, err := client.Do(request)
	if err != nil {
		panic(err)
	}
	response.Body.Close()
	// Output: pay-order-17
}
