package httpmw_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

// logRequests is a middleware outside the guard.
func logRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, replayed := httpmw.ReplayedContext(r.Context())
		r = r.WithContext(ctx)
		next.ServeHTTP(w, r)
		fmt.Println(r.Method, r.URL.Path, "replayed:", replayed())
	})
}

func ExampleReplayedContext() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := httpmw.New(engine)
	if err != nil {
		panic(err)
	}
	handler := logRequests(guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
	})))
	for range 2 {
		request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/payments", nil)
		request.Header.Set("Idempotency-Key", "order-17")
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	// Output:
	// POST /payments replayed: false
	// POST /payments replayed: true
}
