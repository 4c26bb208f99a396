package idemconnect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

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

// A client whose payment is made once, although the server's first answer is lost.
func ExampleNewClientInterceptor() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	ledger := new(bank)
	_, guarded := paymentsv1connect.NewPaymentServiceHandler(ledger, connect.WithInterceptors(guard))
	tries := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries == 1 {
			guarded.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler) // the connection breaks before the answer
		}
		guarded.ServeHTTP(w, r)
	}))
	defer server.Close()

	retries, err := idemconnect.NewClientInterceptor()
	if err != nil {
		panic(err)
	}
	client := paymentsv1connect.NewPaymentServiceClient(server.Client(), server.URL, connect.WithInterceptors(retries))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// A program that repeats the payment after a restart names its key.
	ctx = idempotency.WithKey(ctx, "order-17")
	answer, err := client.CreatePayment(ctx, connect.NewRequest(&paymentsv1.CreatePaymentRequest{Amount: 1250}))
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.Msg.GetId(), "after", tries, "tries, replayed:", idemconnect.Replayed(answer.Header()))
	fmt.Println("charges:", ledger.charges)
	// Output:
	// pay_1 after 2 tries, replayed: true
	// charges: 1
}

func ExampleRefusal() {
	if refusal, refused := idemconnect.Refusal(refusedPayment()); refused {
		switch refusal.Next() {
		case idempotency.NextRetrySameKey:
			fmt.Println("the interceptor has tried already; try again later, after", refusal.RetryAfter)
		case idempotency.NextUseNewKey, idempotency.NextFixRequest:
			fmt.Println("a mistake of this program:", refusal.Reason, refusal.Rule)
		case idempotency.NextAskOperator:
			fmt.Println("find out whether the payment was made")
		}
	}
	// Output: a mistake of this program: KEY_INVALID length
}

// refusedPayment is what a client gets for a key that is too long.
func refusedPayment() error {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		return err
	}
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		return err
	}
	request := connect.NewRequest(new(paymentsv1.CreatePaymentRequest))
	request.Header().Set("Idempotency-Key", strings.Repeat("x", 300))
	_, err = guard.WrapUnary(nil)(context.Background(), request)
	return err
}
