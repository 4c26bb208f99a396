package idemconnect2_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// bank charges with every call.
type bank struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	charges int
}

func (b *bank) CreatePayment(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	b.charges++
	return &paymentsv1.Payment{Id: fmt.Sprintf("pay_%d", b.charges)}, nil
}

func Example() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemconnect2.NewServerInterceptor(engine)
	if err != nil {
		panic(err)
	}
	services := connect.NewServer(guard)
	paymentsv1connect.RegisterPaymentServiceHandler(services, new(bank))
	mux := http.NewServeMux()
	connecthttp.Mount(mux, services)
	server := httptest.NewServer(mux)
	defer server.Close()

	key := idempotency.NewKey()
	for _, transport := range []connect.Transport{
		connecthttp.NewTransport(server.Client(), server.URL),                              // the call, over Connect
		connecthttp.NewTransport(server.Client(), server.URL, connecthttp.WithProtoJSON()), // a retry in JSON
		connecthttp.NewTransport(server.Client(), server.URL, connecthttp.WithGRPCWeb()),   // one over gRPC-Web
		connectinprocess.New(services),                                                     // and one in the process
	} {
		client := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(transport))
		ctx, info := connect.NewClientContext(context.Background())
		info.RequestHeader().Set("Idempotency-Key", key)
		payment, err := client.CreatePayment(ctx, &paymentsv1.CreatePaymentRequest{Amount: 1250})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %q\n", payment.GetId(), info.ResponseHeader().Get("Idempotent-Replayed"))
	}
	// Output:
	// pay_1 ""
	// pay_1 "true"
	// pay_1 "true"
	// pay_1 "true"
}

// A client whose payment is made once, although the server's first answer is lost.
func ExampleNewClientInterceptor() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemconnect2.NewServerInterceptor(engine)
	if err != nil {
		panic(err)
	}
	services, ledger := connect.NewServer(guard), new(bank)
	paymentsv1connect.RegisterPaymentServiceHandler(services, ledger)
	guarded := http.NewServeMux()
	connecthttp.Mount(guarded, services)
	tries := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries == 1 {
			guarded.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler) // the connection breaks before the answer
		}
		guarded.ServeHTTP(w, r)
	}))
	defer server.Close()

	retries, err := idemconnect2.NewClientInterceptor()
	if err != nil {
		panic(err)
	}
	transport := connecthttp.NewTransport(server.Client(), server.URL)
	client := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(transport, retries))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// A program that repeats the payment after a restart names its key.
	ctx, info := connect.NewClientContext(idempotency.WithKey(ctx, "order-17"))
	payment, err := client.CreatePayment(ctx, &paymentsv1.CreatePaymentRequest{Amount: 1250})
	if err != nil {
		panic(err)
	}
	fmt.Println(payment.GetId(), "after", tries, "tries, replayed:", idemconnect2.Replayed(info))
	fmt.Println("charges:", ledger.charges)
	// Output:
	// pay_1 after 2 tries, replayed: true
	// charges: 1
}

func ExampleRefusal() {
	if refusal, refused := idemconnect2.Refusal(refusedPayment()); refused {
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
	guard, err := idemconnect2.NewServerInterceptor(engine)
	if err != nil {
		return err
	}
	services := connect.NewServer(guard)
	paymentsv1connect.RegisterPaymentServiceHandler(services, new(bank))
	client := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(connectinprocess.New(services)))
	ctx, info := connect.NewClientContext(context.Background())
	info.RequestHeader().Set("Idempotency-Key", strings.Repeat("x", 300))
	_, err = client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest))
	return err
}
