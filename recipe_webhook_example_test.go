package idempotency_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

// guardWebhook guards the endpoint of a provider that names each event in the field
// Webhook-Id and sends it again until it gets a success. Verify signatures around it.
func guardWebhook(store *memstore.Store, handler http.Handler) (http.Handler, error) {
	engine, err := idempotency.New(store,
		idempotency.WithKeyRules(idempotency.KeyRules{Field: "Webhook-Id"}),
		idempotency.WithPolicy("*", idempotency.Policy{
			Key:       idempotency.KeyRequired,
			Retention: 7 * 24 * time.Hour, // longer than the provider repeats an event
			Verdicts:  map[int]idempotency.Verdict{http.StatusInternalServerError: idempotency.Abandon},
		}))
	if err != nil {
		return nil, err
	}
	guard, err := httpmw.New(engine)
	if err != nil {
		return nil, err
	}
	return guard.Wrap(handler), nil
}

// A webhook is handled once, although its provider repeats it. After a 500 the
// repetition runs, and knows that it is one.
func Example_webhook() {
	store := memstore.New()
	defer store.Close()
	handler, err := guardWebhook(store, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		execution, _ := idempotency.FromContext(r.Context())
		if execution.Attempt == 1 {
			http.Error(w, "the database is down", http.StatusInternalServerError)
			return
		}
		fmt.Println("handles the event, recovered:", execution.Recovered)
	}))
	if err != nil {
		panic(err)
	}
	for range 3 {
		event := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/webhooks", strings.NewReader(`{"type": "paid"}`))
		event.Header.Set("Webhook-Id", "evt_1")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, event)
		fmt.Printf("%d %q\n", answer.Code, answer.Header().Get("Idempotent-Replayed"))
	}
	// Output:
	// 500 ""
	// handles the event, recovered: true
	// 200 ""
	// 200 "true"
}
