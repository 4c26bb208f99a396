package main

import (
	"context"
	"net/http"
	"strconv"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// newConnect2 is newConnect1 with version 2 of connect-go.
func newConnect2(engine *idempotency.Engine, tenants tenancy, payments *service) (mount, error) {
	guard, err := idemconnect2.NewServerInterceptor(engine)
	if err != nil {
		return nil, err
	}
	server := connect.NewServer(recoverConnect2, tenants.serverConnect2, guard)
	paymentsv1connect2.RegisterPaymentServiceHandler(server, connect2Service{service: payments})
	return func(mux *http.ServeMux) { connecthttp.Mount(mux, server) }, nil
}

// recoverConnect2 is the interceptor that answers a panic, as connect.WithRecover does
// in version 1.
func recoverConnect2(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
		defer func() {
			switch cause := recover(); cause {
			case nil:
			case http.ErrAbortHandler:
				panic(cause)
			default:
				logPanic(ctx, spec.Procedure, cause)
				err = connect.NewError(connect.CodeInternal, panicMessage)
			}
		}()
		return next(ctx, spec, stream)
	}
}

// serverConnect2 is the interceptor of version 2 of connect-go.
func (t tenancy) serverConnect2(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		info, _ := connect.CallInfoForServerContext(ctx)
		ctx, err := t.withTenant(ctx, info.RequestHeader().Values(t.header))
		if err != nil {
			return connect.NewError(connect.CodeUnauthenticated, err.Error())
		}
		return next(ctx, spec, stream)
	}
}

// connect2Service implements the service of version 2 of connect-go.
type connect2Service struct{ service *service }

func (c connect2Service) CreatePayment(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	receipt, err := c.service.create(ctx, request)
	info, _ := connect.CallInfoForServerContext(ctx)
	if receipt.entries > 0 {
		info.ResponseTrailer().Set(trailerEntries, strconv.Itoa(receipt.entries))
	}
	if err != nil {
		return nil, connect2Error(err)
	}
	info.ResponseHeader().Set(headerPaymentID, receipt.payment.GetId())
	info.ResponseHeader().Set(headerAttempt, strconv.Itoa(receipt.attempt))
	return receipt.payment, nil
}

func (c connect2Service) UpdatePayment(ctx context.Context, request *paymentsv1.UpdatePaymentRequest) (*paymentsv1.Payment, error) {
	payment, err := c.service.update(ctx, request)
	return payment, connect2Error(err)
}

func (c connect2Service) GetPayment(ctx context.Context, request *paymentsv1.GetPaymentRequest) (*paymentsv1.Payment, error) {
	payment, err := c.service.get(ctx, request)
	return payment, connect2Error(err)
}

func (c connect2Service) ListPayments(ctx context.Context, _ *paymentsv1.ListPaymentsRequest) (*paymentsv1.ListPaymentsResponse, error) {
	payments, err := c.service.list(ctx)
	return payments, connect2Error(err)
}

// connect2Error converts a gRPC status, or nil, to a Connect error with the same
// details.
func connect2Error(err error) error {
	if err == nil {
		return nil
	}
	failed := status.Convert(err)
	converted := connect.NewError(connect.Code(failed.Code()), failed.Message())
	for _, packed := range failed.Proto().GetDetails() {
		if detail, err := connectproto.NewErrorDetail(packed); err == nil {
			converted = converted.WithDetail(detail)
		}
	}
	return converted
}
