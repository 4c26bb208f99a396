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
	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// A service in the gateway's own process is guarded by an interceptor. Its schema says
// that CreateBooking requires a key.
func ExampleNewInProcess() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	local := idemgateway.NewInProcess(guard.Unary)
	bookingsv1.RegisterBookingServiceServer(local, new(bookings))

	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
	client := bookingsv1.NewBookingServiceClient(local)
	if err := bookingsv1.RegisterBookingServiceHandlerClient(context.Background(), mux, client); err != nil {
		panic(err)
	}
	printAnswers(mux, "", "order-17", "order-17")
	// Output:
	// 400 KEY_MISSING
	// 200 replayed: false
	// 200 replayed: true
}

// A service that is registered with RegisterXHandlerServer is guarded by a middleware
// that knows the RPCs of its routes.
func ExampleServiceMiddleware() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := httpmw.New(engine, idemgateway.MiddlewareOptions()...)
	if err != nil {
		panic(err)
	}
	service := new(bookings)
	register := func(mux *runtime.ServeMux) error {
		return bookingsv1.RegisterBookingServiceHandlerServer(context.Background(), mux, service)
	}
	middleware, err := idemgateway.ServiceMiddleware(guard, register)
	if err != nil {
		panic(err)
	}
	mux := runtime.NewServeMux(append(idemgateway.ServeMuxOptions(), runtime.WithMiddlewares(middleware))...)
	if err := register(mux); err != nil {
		panic(err)
	}
	printAnswers(mux, "", "order-17", "order-17")
	// Output:
	// 400 KEY_MISSING
	// 200 replayed: false
	// 200 replayed: true
}

// printAnswers sends the same booking with each key.
func printAnswers(gateway http.Handler, keys ...string) {
	for _, key := range keys {
		request := httptest.NewRequest(http.MethodPost, "/v1/bookings", strings.NewReader(`{"room": "12"}`))
		if key != "" {
			request.Header.Set("Idempotency-Key", key)
		}
		answer := httptest.NewRecorder()
		gateway.ServeHTTP(answer, request)
		if refusal, refused := httpmw.ReadRefusal(answer.Result()); refused {
			fmt.Println(answer.Code, refusal.Reason)
			continue
		}
		fmt.Println(answer.Code, "replayed:", httpmw.Replayed(answer.Result()))
	}
}
