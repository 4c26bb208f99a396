package idemgateway_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// blob is metadata that an HTTP header cannot carry unencoded.
const blob = "\x00\xff\r\nX-Forged: yes"

// payments creates a payment with another id in each run.
type payments struct {
	paymentsv1.UnimplementedPaymentServiceServer

	runs atomic.Int32
	keys atomic.Pointer[[]string] // of the last call
	fail func(context.Context) error
}

func (p *payments) CreatePayment(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	payment, err := p.pay(ctx, idempotency.NewKey())
	if payment != nil {
		payment.Amount, payment.Currency = request.GetAmount(), request.GetCurrency()
	}
	return payment, err
}

func (p *payments) UpdatePayment(ctx context.Context, request *paymentsv1.UpdatePaymentRequest) (*paymentsv1.Payment, error) {
	payment, err := p.pay(ctx, request.GetId())
	if payment != nil {
		payment.Description = idempotency.NewKey()
	}
	return payment, err
}

func (p *payments) GetPayment(ctx context.Context, request *paymentsv1.GetPaymentRequest) (*paymentsv1.Payment, error) {
	return p.pay(ctx, request.GetId())
}

func (p *payments) pay(ctx context.Context, id string) (*paymentsv1.Payment, error) {
	p.runs.Add(1)
	incoming, _ := metadata.FromIncomingContext(ctx)
	keys := incoming.Get("idempotency-key")
	p.keys.Store(&keys)
	_ = grpc.SetHeader(ctx, metadata.Pairs("x-region", "eu", "blob-bin", blob, "x-request-id", idempotency.NewKey()))
	_ = grpc.SetTrailer(ctx, metadata.Pairs("x-cost", "7", "blob-bin", blob))
	if p.fail != nil {
		if err := p.fail(ctx); err != nil {
			return nil, err
		}
	}
	return &paymentsv1.Payment{Id: id}, nil
}

// serve starts a gRPC server, which is guarded unless the engine is nil. It returns
// the address and a function that stops the server before the test ends.
func serve(t *testing.T, service *payments, engine *idempotency.Engine) (address string, stop func()) {
	t.Helper()
	return serveOn(t, listen(t), service, engine)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func serveOn(t *testing.T, listener net.Listener, service *payments, engine *idempotency.Engine) (address string, stop func()) {
	t.Helper()
	var options []grpc.ServerOption
	if engine != nil {
		guard, err := idemgrpc.NewInterceptor(engine)
		if err != nil {
			t.Fatal(err)
		}
		options = append(options, grpc.ChainUnaryInterceptor(servedBy, guard.Unary))
	}
	server := grpc.NewServer(options...)
	paymentsv1.RegisterPaymentServiceServer(server, service)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	stop = func() {
		server.Stop()
		<-done
	}
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

// servedBy sets metadata of every call, as an interceptor outside of the guard does.
func servedBy(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	_ = grpc.SetHeader(ctx, metadata.Pairs("x-served-by", "node-1"))
	return handler(ctx, request)
}
