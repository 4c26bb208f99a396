package idemvanguard_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	connect2 "connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"
	"connectrpc.com/vanguard"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// handling is what the service does in all frameworks.
type handling struct {
	runs atomic.Int32
	run  func()             // or nil
	fail func() *spb.Status // or nil
}

func (h *handling) create(request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, *spb.Status) {
	runs := h.runs.Add(1)
	if h.run != nil {
		h.run()
	}
	if h.fail != nil {
		return nil, h.fail()
	}
	return &paymentsv1.Payment{Id: "pay_" + strconv.Itoa(int(runs)), Amount: request.GetAmount()}, nil
}

// framework serves a handling, guarded by an engine, to Vanguard.
type framework struct {
	name    string
	handler func(*testing.T, *idempotency.Engine, *handling) http.Handler
	options []vanguard.ServiceOption
}

var (
	overGRPC   = vanguard.WithTargetProtocols(vanguard.ProtocolGRPC)
	frameworks = []framework{
		{"connect 1", newConnect1, nil},
		{"connect 1 over gRPC", newConnect1, []vanguard.ServiceOption{overGRPC}},
		{"connect 2", newConnect2, nil},
		{"connect 2 over gRPC", newConnect2, []vanguard.ServiceOption{overGRPC}},
		{"grpc-go", newGRPC, []vanguard.ServiceOption{overGRPC, vanguard.WithTargetCodecs(vanguard.CodecProto)}},
	}
)

type service1 struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	*handling
}

func (s service1) CreatePayment(_ context.Context, request *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	payment, failure := s.create(request.Msg)
	if failure == nil {
		return connect.NewResponse(payment), nil
	}
	err := connect.NewError(connect.Code(failure.GetCode()), errors.New(failure.GetMessage()))
	for _, each := range failure.GetDetails() {
		detail, _ := connect.NewErrorDetail(each)
		err.AddDetail(detail)
	}
	return nil, err
}

func newConnect1(t *testing.T, engine *idempotency.Engine, h *handling) http.Handler {
	t.Helper()
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		t.Fatal(err)
	}
	_, handler := paymentsv1connect.NewPaymentServiceHandler(service1{handling: h}, connect.WithInterceptors(guard))
	return handler
}

type service2 struct {
	paymentsv1connect2.UnimplementedPaymentServiceHandler

	*handling
}

func (s service2) CreatePayment(_ context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	payment, failure := s.create(request)
	if failure == nil {
		return payment, nil
	}
	err := connect2.NewError(connect2.Code(failure.GetCode()), failure.GetMessage())
	for _, each := range failure.GetDetails() {
		detail, _ := connectproto.NewErrorDetail(each)
		err = err.WithDetail(detail)
	}
	return nil, err
}

func newConnect2(t *testing.T, engine *idempotency.Engine, h *handling) http.Handler {
	t.Helper()
	guard, err := idemconnect2.NewServerInterceptor(engine)
	if err != nil {
		t.Fatal(err)
	}
	services, mux := connect2.NewServer(guard), http.NewServeMux()
	paymentsv1connect2.RegisterPaymentServiceHandler(services, service2{handling: h})
	connecthttp.Mount(mux, services)
	return mux
}

type grpcService struct {
	paymentsv1.UnimplementedPaymentServiceServer

	*handling
}

func (s grpcService) CreatePayment(_ context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	payment, failure := s.create(request)
	return payment, status.ErrorProto(failure)
}

func newGRPC(t *testing.T, engine *idempotency.Engine, h *handling) http.Handler {
	t.Helper()
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(guard.Unary))
	paymentsv1.RegisterPaymentServiceServer(server, grpcService{handling: h})
	return server
}
