package idemgrpc_test

import (
	"context"
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	keyField = "idempotency-key"
	marker   = "idempotent-replayed"
)

// service answers by the function of the test, and counts its runs.
type service struct {
	paymentsv1.UnimplementedPaymentServiceServer

	runs   atomic.Int64
	create func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error)
}

func (s *service) CreatePayment(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	run := s.runs.Add(1)
	if s.create != nil {
		return s.create(ctx, request)
	}
	return &paymentsv1.Payment{Id: "pay_" + strconv.FormatInt(run, 10), Amount: request.GetAmount()}, nil
}

func (s *service) GetPayment(context.Context, *paymentsv1.GetPaymentRequest) (*paymentsv1.Payment, error) {
	return &paymentsv1.Payment{Id: "pay_" + strconv.FormatInt(s.runs.Add(1), 10)}, nil
}

func newEngine(t testing.TB, options ...idempotency.Option) *idempotency.Engine {
	t.Helper()
	store := memstore.New()
	engine, err := idempotency.New(store, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
		_ = store.Close()
	})
	return engine
}

// serve starts a grpc-go server on the loopback interface and returns a
// client of it.
func serve(t *testing.T, service *service, options ...grpc.ServerOption) paymentsv1.PaymentServiceClient {
	t.Helper()
	return paymentsv1.NewPaymentServiceClient(dial(t, service, options))
}

func dial(t testing.TB, service paymentsv1.PaymentServiceServer, options []grpc.ServerOption, dialing ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	paymentsv1.RegisterPaymentServiceServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	dialing = append(dialing, grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(listener.Addr().String(), dialing...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func newGuard(t testing.TB, engine *idempotency.Engine, options ...idemgrpc.Option) *idemgrpc.Interceptor {
	t.Helper()
	guard, err := idemgrpc.NewInterceptor(engine, options...)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// guarded is the usual server option.
func guarded(t testing.TB, engine *idempotency.Engine, options ...idemgrpc.Option) grpc.ServerOption {
	t.Helper()
	return grpc.UnaryInterceptor(newGuard(t, engine, options...).Unary)
}

// answer is everything that a client receives.
type answer struct {
	payment          *paymentsv1.Payment
	err              error
	headers, trailer metadata.MD
}

func create(client paymentsv1.PaymentServiceClient, key string, request *paymentsv1.CreatePaymentRequest) (a answer) {
	ctx := metadata.AppendToOutgoingContext(context.Background(), keyField, key)
	a.payment, a.err = client.CreatePayment(ctx, request, grpc.Header(&a.headers), grpc.Trailer(&a.trailer))
	return a
}

// replayed reports where the marker is.
func (a answer) replayed() (inHeaders, inTrailers bool) {
	return len(a.headers.Get(marker)) == 1, len(a.trailer.Get(marker)) == 1
}
