package idempotency_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	connectcors "connectrpc.com/cors"
	"github.com/rs/cors"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// A page of https://shop.example calls a Connect service with keys. Without
// Connect, leave out the names of connectrpc.com/cors.
func ExampleEngine_CORSAllowedHeaders() {
	store := memstore.New()
	defer store.Close()
	engine, _ := idempotency.New(store)
	defer engine.Close(context.Background())

	policy := cors.New(cors.Options{
		AllowedOrigins: []string{"https://shop.example"},
		AllowedMethods: connectcors.AllowedMethods(),
		AllowedHeaders: append(connectcors.AllowedHeaders(), engine.CORSAllowedHeaders()...),
		ExposedHeaders: append(connectcors.ExposedHeaders(), engine.CORSExposedHeaders()...),
	})
	handler := policy.Handler(http.NotFoundHandler()) // the guarded server

	// Before the first payment, the browser asks whether the page may send the key.
	preflight := httptest.NewRequest(http.MethodOptions, "/payments.v1.PaymentService/CreatePayment", nil)
	preflight.Header.Set("Origin", "https://shop.example")
	preflight.Header.Set("Access-Control-Request-Method", http.MethodPost)
	preflight.Header.Set("Access-Control-Request-Headers", "content-type,idempotency-key")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, preflight)
	fmt.Println(answer.Header().Get("Access-Control-Allow-Headers"))
	// Output: content-type,idempotency-key
}
