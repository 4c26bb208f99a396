package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"connectrpc.com/connect"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

// newConnect serves payments with the version of connect-go that the flag names.
func (c config) newConnect(engine *idempotency.Engine, tenants tenancy, payments *service) (mount, error) {
	if c.connect == "v2" {
		return newConnect2(engine, tenants, payments)
	}
	return newConnect1(engine, tenants, payments)
}

// newConnect1 serves payments with version 1 of connect-go, over Connect, gRPC and
// gRPC-Web. Its interceptors have the same order as those of newGRPC.
func newConnect1(engine *idempotency.Engine, tenants tenancy, payments *service) (mount, error) {
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		return nil, err
	}
	path, handler := paymentsv1connect.NewPaymentServiceHandler(
		connectService{service: payments},
		connect.WithRecover(recoverConnect),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(tenants.unaryConnect), guard),
	)
	return func(mux *http.ServeMux) { mux.Handle(path, handler) }, nil
}

func recoverConnect(ctx context.Context, spec connect.Spec, _ http.Header, cause any) error {
	logPanic(ctx, spec.Procedure, cause)
	return connect.NewError(connect.CodeInternal, errors.New(panicMessage))
}

// connectService implements the service of connect-go.
type connectService struct{ service *service }

func (c connectService) CreatePayment(ctx context.Context, request *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	receipt, err := c.service.create(ctx, request.Msg)
	if err != nil {
		failed := connectError(err)
		if receipt.entries > 0 {
			failed.Meta().Set(trailerEntries, strconv.Itoa(receipt.entries))
		}
		return nil, failed
	}
	response := connect.NewResponse(receipt.payment)
	response.Header().Set(headerPaymentID, receipt.payment.GetId())
	response.Header().Set(headerAttempt, strconv.Itoa(receipt.attempt))
	response.Trailer().Set(trailerEntries, strconv.Itoa(receipt.entries))
	return response, nil
}

func (c connectService) UpdatePayment(ctx context.Context, request *connect.Request[paymentsv1.UpdatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	return respond(c.service.update(ctx, request.Msg))
}

func (c connectService) GetPayment(ctx context.Context, request *connect.Request[paymentsv1.GetPaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	return respond(c.service.get(ctx, request.Msg))
}

func (c connectService) ListPayments(ctx context.Context, _ *connect.Request[paymentsv1.ListPaymentsRequest]) (*connect.Response[paymentsv1.ListPaymentsResponse], error) {
	return respond(c.service.list(ctx))
}

func respond[T any](message *T, err error) (*connect.Response[T], error) {
	if err != nil {
		return nil, connectError(err)
	}
	return connect.NewResponse(message), nil
}

// connectError converts a gRPC status to a Connect error with the same details.
func connectError(err error) *connect.Error {
	failed := status.Convert(err)
	converted := connect.NewError(connect.Code(failed.Code()), errors.New(failed.Message()))
	for _, packed := range failed.Proto().GetDetails() {
		if detail, err := connect.NewErrorDetail(packed); err == nil {
			converted.AddDetail(detail)
		}
	}
	return converted
}
