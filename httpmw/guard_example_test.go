package httpmw_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

// customer is what authentication leaves in the context.
type customer struct{}

func customerOf(ctx context.Context) (string, error) {
	id, known := ctx.Value(customer{}).(string)
	if !known {
		return "", errors.New("not logged in")
	}
	return id, nil
}

// authenticate stands for the authentication of a service.
func authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("Authorization")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), customer{}, id)))
	})
}

// A service for several customers, whose payments need a key: authentication is
// outside the guard, and tells the engine who calls.
func ExampleNew() {
	engine, err := idempotency.New(memstore.New(),
		idempotency.WithScope(customerOf),
		idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired, Wait: 10 * time.Second}))
	if err != nil {
		panic(err)
	}
	guard, err := httpmw.New(engine, httpmw.WithMethods(http.MethodPost, http.MethodPut))
	if err != nil {
		panic(err)
	}
	payments := 0
	handler := authenticate(guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		payments++
		fmt.Fprintf(w, "payment %d", payments)
	})))

	for _, call := range []struct{ customer, key string }{{"jane", "1"}, {"joe", "1"}, {"jane", "1"}, {"joe", ""}} {
		request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/payments", strings.NewReader("5 EUR"))
		request.Header.Set("Authorization", call.customer)
		if call.key != "" {
			request.Header.Set("Idempotency-Key", call.key)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if refusal, refused := httpmw.ReadRefusal(answer.Result()); refused {
			fmt.Println(call.customer, answer.Code, refusal.Reason, refusal.Next())
			continue
		}
		fmt.Println(call.customer, answer.Code, answer.Body, httpmw.Replayed(answer.Result()))
	}
	// Output:
	// jane 200 payment 1 false
	// joe 200 payment 2 false
	// jane 200 payment 1 true
	// joe 400 KEY_MISSING fix_request
}

// The guard can stand inside the router too, around single handlers.
func ExampleMiddleware_Wrap() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := httpmw.New(engine)
	if err != nil {
		panic(err)
	}
	runs := 0
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runs++ })
	mux := http.NewServeMux()
	mux.Handle("POST /payments", guard.Wrap(handler))
	mux.Handle("POST /searches", handler) // not guarded

	for _, path := range []string{"/payments", "/payments", "/searches", "/searches"} {
		request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, nil)
		request.Header.Set("Idempotency-Key", "k1")
		mux.ServeHTTP(httptest.NewRecorder(), request)
		fmt.Println(path, runs)
	}
	// Output:
	// /payments 1
	// /payments 1
	// /searches 2
	// /searches 3
}

// A router's answer to a missing route says nothing about a request, so it must not
// be recorded. For an http.ServeMux that is given to Wrap, this is so already.
func ExampleNoEffect() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := httpmw.New(engine)
	if err != nil {
		panic(err)
	}
	missing := httpmw.NoEffect(http.NotFoundHandler()) // of a router: router.NotFound(missing.ServeHTTP)
	deployed := false
	handler := guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !deployed {
			missing.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))

	for range 2 {
		request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/payments", nil)
		request.Header.Set("Idempotency-Key", "k1")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		fmt.Println(answer.Code, httpmw.Replayed(answer.Result()))
		deployed = true
	}
	// Output:
	// 404 false
	// 201 false
}
