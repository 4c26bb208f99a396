package interceptor_test

import (
	"context"
	"errors"
	"strings"

	"connectrpc.com/connect"
	connect2 "connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
)

type connectService struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	*handling
}

func (s connectService) CreatePayment(ctx context.Context, _ *connect.Request[paymentsv1.CreatePaymentRequest]) (*connect.Response[paymentsv1.Payment], error) {
	s.begin()
	info, _ := connect.CallInfoForHandlerContext(ctx)
	set(info.ResponseHeader(), s.headers)
	set(info.ResponseTrailer(), s.trailers)
	if s.message != nil {
		return connect.NewResponse(s.message), nil
	}
	failure := connect.NewError(connect.Code(s.status.GetCode()), errors.New(s.status.GetMessage()))
	for _, packed := range s.status.GetDetails() {
		detail, err := connect.NewErrorDetail(packed)
		if err != nil {
			return nil, err
		}
		failure.AddDetail(detail)
	}
	return nil, failure
}

type connect2Service struct {
	paymentsv1connect2.UnimplementedPaymentServiceHandler

	*handling
}

func (s connect2Service) CreatePayment(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	s.begin()
	info, _ := connect2.CallInfoForServerContext(ctx)
	set(info.ResponseHeader(), s.headers)
	set(info.ResponseTrailer(), s.trailers)
	if s.message != nil {
		return s.message, nil
	}
	failure := connect2.NewError(connect2.Code(s.status.GetCode()), s.status.GetMessage())
	for _, packed := range s.status.GetDetails() {
		detail, err := connectproto.NewErrorDetail(packed)
		if err != nil {
			return nil, err
		}
		failure = failure.WithDetail(detail)
	}
	return nil, failure
}

// set adds fields to a header of either version of connect-go.
func set(header interface{ Add(name, value string) }, fields map[string][]string) {
	for name, values := range fields {
		for _, value := range values {
			if strings.HasSuffix(name, "-Bin") {
				value = connect.EncodeBinaryHeader([]byte(value))
			}
			header.Add(name, value)
		}
	}
}

type grpcService struct {
	paymentsv1.UnimplementedPaymentServiceServer

	*handling
}

func (s grpcService) CreatePayment(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	s.begin()
	if err := errors.Join(grpc.SetHeader(ctx, toMetadata(s.headers)), grpc.SetTrailer(ctx, toMetadata(s.trailers))); err != nil {
		return nil, err
	}
	if s.message != nil {
		return s.message, nil
	}
	return nil, status.FromProto(s.status).Err()
}

func toMetadata(fields map[string][]string) metadata.MD {
	md := metadata.MD{}
	for name, values := range fields {
		md.Append(name, values...)
	}
	return md
}
