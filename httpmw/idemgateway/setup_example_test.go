package idemgateway_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// A service that is called in process is guarded by a middleware of the mux.
func ExampleMiddleware() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := httpmw.New(engine, idemgateway.MiddlewareOptions()...)
	if err != nil {
		panic(err)
	}
	mux := runtime.NewServeMux(append(idemgateway.ServeMuxOptions(),
		runtime.WithMiddlewares(idemgateway.Middleware(guard)))...)
	paymentsv1.RegisterPaymentServiceHandlerServer(context.Background(), mux, new(payments))

	var bodies [2]string
	for i := range bodies {
		request := httptest.NewRequest(http.MethodPost, "/v1/payments", strings.NewReader(`{"amount":"1250"}`))
		request.Header.Set("Idempotency-Key", "abc-123")
		response := httptest.NewRecorder()
		mux.ServeHTTP(response, request)
		bodies[i] = response.Body.String()
		fmt.Printf("%d replayed: %q\n", response.Code, response.Header().Get("Idempotent-Replayed"))
	}
	fmt.Println("same payment:", bodies[0] == bodies[1])
	// Output:
	// 200 replayed: ""
	// 200 replayed: "true"
	// same payment: true
}

// A mux has one error handler and one outgoing matcher of each kind. Pass your own to
// ServeMuxOptions.
func ExampleServeMuxOptions() {
	options := idemgateway.ServeMuxOptions(
		idemgateway.WithErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "sorry", http.StatusInternalServerError)
		}),
		idemgateway.WithOutgoingHeaderMatcher(func(name string) (string, bool) {
			return name, name == "x-region"
		}),
	)
	mux := runtime.NewServeMux(append(options, runtime.WithIncomingHeaderMatcher(runtime.LegacyHeaderMatcher))...)
	http.Handle("/v1/", mux)
}
