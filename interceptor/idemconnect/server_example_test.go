package idemconnect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

// cashier declines payments of more than 1000.
type cashier struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	runs int
}

func (c *cashier) CreatePayment(_ context.Context, request *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	c.runs++
	if request.Msg.GetAmount() > 1000 {
		return nil, connect.NewError(connect.CodeFailedPrecondition, fmt.Errorf("declined in run %d", c.runs))
	}
	return connect.NewResponse(&paymentsv1.Payment{Id: fmt.Sprintf("run %d", c.runs)}), nil
}

// An error that is the answer to a request is replayed like any other answer.
func ExampleNewInterceptor() {
	engine, err := idempotency.New(memstore.New(),
		idempotency.WithPolicy("*", idempotency.Policy{Wait: 10 * time.Second}))
	if err != nil {
		panic(err)
	}
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle(paymentsv1connect.NewPaymentServiceHandler(new(cashier), connect.WithInterceptors(guard)))
	server := httptest.NewServer(mux)
	defer server.Close()

	client := paymentsv1connect.NewPaymentServiceClient(server.Client(), server.URL)
	for range 2 {
		request := connect.NewRequest(&paymentsv1.CreatePaymentRequest{Amount: 1250})
		request.Header().Set("Idempotency-Key", "order-17")
		_, err := client.CreatePayment(context.Background(), request)
		fmt.Println(err)
	}
	// Output:
	// failed_precondition: declined in run 1
	// failed_precondition: declined in run 1
}
