package httpmw_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

func Example() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	charges := 0
	mux := http.NewServeMux()
	mux.HandleFunc("POST /payments", func(w http.ResponseWriter, _ *http.Request) {
		charges++
		w.Header().Set("Location", fmt.Sprintf("/payments/%d", charges))
		w.WriteHeader(http.StatusCreated)
	})
	guard, err := httpmw.New(engine, httpmw.WithCanonicalJSON())
	if err != nil {
		panic(err)
	}
	handler := guard.Wrap(mux)

	for _, body := range []string{`{"amount": 5}`, `{"amount":5}`, `{"amount": 6}`} {
		request := httptest.NewRequest(http.MethodPost, "/payments", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", "order-17")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		fmt.Printf("%d %q %q\n", answer.Code, answer.Header().Get("Location"), answer.Header().Get("Idempotent-Replayed"))
	}
	// Output:
	// 201 "/payments/1" ""
	// 201 "/payments/1" "true"
	// 422 "" ""
}
