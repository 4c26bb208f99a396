package idemconnect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

// bank charges with every call.
type bank struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	charges int
}

func (b *bank) CreatePayment(context.Context, *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	b.charges++
	return connect.NewResponse(&paymentsv1.Payment{Id: fmt.Sprintf("pay_%d", b.charges)}), nil
}

func Example() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle(paymentsv1connect.NewPaymentServiceHandler(new(bank),
		connect.WithInterceptors(guard)))
	server := httptest.NewServer(mux)
	defer server.Close()

	key := idempotency.NewKey()
	for _, protocol := range [][]connect.ClientOption{
		nil,                       // the call, over Connect
		{connect.WithProtoJSON()}, // a retry in JSON
		{connect.WithGRPCWeb()},   // and one over gRPC-Web
	} {
		client := paymentsv1connect.NewPaymentServiceClient(server.Client(), server.URL, protocol...)
		request := connect.NewRequest(&paymentsv1.CreatePaymentRequest{Amount: 1250})
		request.Header().Set("Idempotency-Key", key)
		response, err := client.CreatePayment(context.Background(), request)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %q\n", response.Msg.GetId(), response.Header().Get("Idempotent-Replayed"))
	}
	// Output:
	// pay_1 ""
	// pay_1 "true"
	// pay_1 "true"
}

func ExampleNewClientInterceptor() {
	// printKey prints the key of a call instead of sending the call.
	printKey := func(connect.UnaryFunc) connect.UnaryFunc {
		return func(_ context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			fmt.Println("key", request.Header().Get("Idempotency-Key"))
			return connect.NewResponse(new(paymentsv1.Payment)), nil
		}
	}
	client := paymentsv1connect.NewPaymentServiceClient(http.DefaultClient, "http://127.0.0.1:8080",
		connect.WithInterceptors(idemconnect.NewClientInterceptor(""), connect.UnaryInterceptorFunc(printKey)))
	// Every unary call of the client has a new key. To retry a call, give it a key:
	ctx := idempotency.WithKey(context.Background(), "order-17")
	_, err := client.CreatePayment(ctx, connect.NewRequest(new(paymentsv1.CreatePaymentRequest)))
	fmt.Println(err)
	// Output:
	// key order-17
	// <nil>
}
