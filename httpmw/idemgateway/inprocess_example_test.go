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
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// A gateway and its service in one process, without a network between them. The
// interceptor guards the RPC, so that its policies and its schema apply to REST too.
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
	paymentsv1.RegisterPaymentServiceServer(local, new(payments))

	ctx := context.Background()
	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
	if err := paymentsv1.RegisterPaymentServiceHandlerClient(ctx, mux, paymentsv1.NewPaymentServiceClient(local)); err != nil {
		panic(err)
	}

	for range 2 {
		request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/payments", strings.NewReader(`{"amount": "1250"}`))
		request.Header.Set("Idempotency-Key", "order-17")
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, request)
		fmt.Println(answer.Code, "replayed:", httpmw.Replayed(answer.Result()))
	}
	// Output:
	// 200 replayed: false
	// 200 replayed: true
}
