package subject

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/grpc"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// Payments is the handler of the RPCs: it sends the description back.
type Payments struct {
	paymentsv1.UnimplementedPaymentServiceServer

	effect Effect
}

// Effect returns what the handler does besides.
func (p *Payments) Effect() *Effect { return &p.effect }

// CreatePayment implements the service of gRPC.
func (p *Payments) CreatePayment(_ context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	p.effect.run()
	return &paymentsv1.Payment{
		Id: "pay_6f1c2b7a", Amount: request.GetAmount(), Currency: request.GetCurrency(), Description: request.GetDescription(),
		Status: paymentsv1.PaymentStatus_PAYMENT_STATUS_SUCCEEDED,
	}, nil
}

// PaymentRequest returns a request with so many bytes of text; another one for each
// amount.
func PaymentRequest(size Size, amount int64) *paymentsv1.CreatePaymentRequest {
	return &paymentsv1.CreatePaymentRequest{Amount: amount, Currency: "EUR", Description: strings.Repeat("d", size.Bytes)}
}

// GRPC returns the interceptor of this library.
func GRPC(tb testing.TB) grpc.UnaryServerInterceptor {
	tb.Helper()
	guard, err := idemgrpc.NewInterceptor(openEngine(tb), idemgrpc.WithMaxResponse(64<<20))
	if err != nil {
		tb.Fatal(err)
	}
	return guard.Unary
}

// ServeGRPC serves the payments, guarded if that is asked for, until the test ends.
func ServeGRPC(tb testing.TB, guarded bool) (address string) {
	tb.Helper()
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(64 << 20)}
	if guarded {
		options = append(options, grpc.UnaryInterceptor(GRPC(tb)))
	}
	server := grpc.NewServer(options...)
	paymentsv1.RegisterPaymentServiceServer(server, new(Payments))
	listener := listen(tb)
	go func() { _ = server.Serve(listener) }()
	tb.Cleanup(server.Stop)
	return listener.Addr().String()
}

// ServeConnect is [ServeGRPC] for Connect, over HTTP/1.1.
func ServeConnect(tb testing.TB, guarded bool) (address string) {
	tb.Helper()
	var options []connect.HandlerOption
	if guarded {
		guard, err := idemconnect.NewInterceptor(openEngine(tb), idemconnect.WithMaxResponse(64<<20))
		if err != nil {
			tb.Fatal(err)
		}
		options = append(options, connect.WithInterceptors(guard))
	}
	mux := http.NewServeMux()
	mux.Handle(paymentsv1connect.NewPaymentServiceHandler(connectPayments{handler: new(Payments)}, options...))
	listener := listen(tb)
	server := serve(mux, listener)
	tb.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

type connectPayments struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	handler *Payments
}

func (c connectPayments) CreatePayment(ctx context.Context, request *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	payment, err := c.handler.CreatePayment(ctx, request.Msg)
	return connect.NewResponse(payment), err
}

func openEngine(tb testing.TB) *idempotency.Engine {
	tb.Helper()
	store := memstore.New()
	tb.Cleanup(func() { _ = store.Close() })
	engine, err := idempotency.New(store)
	if err != nil {
		tb.Fatal(err)
	}
	return engine
}

func listen(tb testing.TB) net.Listener {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return listener
}
