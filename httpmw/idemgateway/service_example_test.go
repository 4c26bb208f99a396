package idemgateway_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// The recommended setup: the service is guarded, and the gateway passes keys to it
// and its refusals on.
func Example() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(guard.Unary))
	paymentsv1.RegisterPaymentServiceServer(server, new(payments))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	defer server.Stop()

	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
	dial := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // closes the connection
	if err := paymentsv1.RegisterPaymentServiceHandlerFromEndpoint(ctx, mux, listener.Addr().String(), dial); err != nil {
		panic(err)
	}

	for _, body := range []string{`{"amount": "1250"}`, `{"amount": "1250"}`, `{"amount": "99"}`} {
		request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/payments", strings.NewReader(body))
		request.Header.Set("Idempotency-Key", "order-17")
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, request)
		refusal, refused := httpmw.ReadRefusal(answer.Result())
		if refused {
			fmt.Println(answer.Code, refusal.Reason)
			continue
		}
		fmt.Println(answer.Code, "replayed:", httpmw.Replayed(answer.Result()))
	}
	// Output:
	// 200 replayed: false
	// 200 replayed: true
	// 422 KEY_REUSED
}
