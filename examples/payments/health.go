package main

import (
	"connectrpc.com/grpchealth"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// healths has the health of the payment service at both ports: grpc-go and
// connect-go have different health servers.
type healths struct {
	grpc    *health.Server
	connect *grpchealth.StaticChecker
}

func newHealths() healths {
	h := healths{
		grpc:    health.NewServer(),
		connect: grpchealth.NewStaticChecker(paymentsv1.PaymentService_ServiceDesc.ServiceName),
	}
	h.grpc.SetServingStatus(paymentsv1.PaymentService_ServiceDesc.ServiceName, grpc_health_v1.HealthCheckResponse_SERVING)
	return h
}

// stop reports to load balancers that the service is not serving.
func (h healths) stop() {
	h.grpc.Shutdown()
	h.connect.SetStatus("", grpchealth.StatusNotServing)
	h.connect.SetStatus(paymentsv1.PaymentService_ServiceDesc.ServiceName, grpchealth.StatusNotServing)
}
