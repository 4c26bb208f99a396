package main

import (
	"context"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// newGRPC serves payments with grpc-go. From outside to inside: recovery from
// panics, the tenant, the guard. A panic passes through the guard, which abandons
// the claim, and ends in recoverPanic; without it, a panic would end the process.
func newGRPC(engine *idempotency.Engine, tenants tenancy, payments *service, health healthv1.HealthServer) (*grpc.Server, error) {
	guard, err := idemgrpc.NewInterceptor(engine)
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(recoverPanic, tenants.unaryServer, guard.Unary),
		grpc.ChainStreamInterceptor(guard.Stream),
	)
	paymentsv1.RegisterPaymentServiceServer(server, grpcService{service: payments})
	healthv1.RegisterHealthServer(server, health)
	reflection.Register(server)
	return server, nil
}

func recoverPanic(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (response any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			logPanic(ctx, info.FullMethod, cause)
			err = status.Error(codes.Internal, panicMessage)
		}
	}()
	return next(ctx, request)
}

// grpcService implements the service of grpc-go.
type grpcService struct {
	paymentsv1.UnimplementedPaymentServiceServer

	service *service
}

func (g grpcService) CreatePayment(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	receipt, err := g.service.create(ctx, request)
	if receipt.entries > 0 {
		grpc.SetTrailer(ctx, metadata.Pairs(trailerEntries, strconv.Itoa(receipt.entries)))
	}
	if err != nil {
		// No headers: grpc-go clients do not retry an error that has headers (gRPC A6).
		return nil, err
	}
	grpc.SetHeader(ctx, metadata.Pairs(
		headerPaymentID, receipt.payment.GetId(),
		headerAttempt, strconv.Itoa(receipt.attempt),
	))
	return receipt.payment, nil
}

func (g grpcService) UpdatePayment(ctx context.Context, request *paymentsv1.UpdatePaymentRequest) (*paymentsv1.Payment, error) {
	return g.service.update(ctx, request)
}

func (g grpcService) GetPayment(ctx context.Context, request *paymentsv1.GetPaymentRequest) (*paymentsv1.Payment, error) {
	return g.service.get(ctx, request)
}

func (g grpcService) ListPayments(ctx context.Context, _ *paymentsv1.ListPaymentsRequest) (*paymentsv1.ListPaymentsResponse, error) {
	return g.service.list(ctx)
}
