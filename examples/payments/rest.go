package main

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// newREST serves payments over REST: grpc-gateway converts each request to a call
// of the gRPC server and forwards the key. A request is guarded twice: as HTTP at
// this edge, and as an RPC at the service. So a retry over REST gets the first
// answer byte for byte, and a retry over gRPC gets its message.
func newREST(engine *idempotency.Engine, tenants tenancy, conn *grpc.ClientConn) (http.Handler, error) {
	mux := runtime.NewServeMux(append(
		idemgateway.ServeMuxOptions(),
		runtime.WithMetadata(tenants.forward),
	)...)
	if err := paymentsv1.RegisterPaymentServiceHandler(context.Background(), mux, conn); err != nil {
		return nil, err
	}
	if err := idemgateway.Check(mux); err != nil {
		return nil, err
	}
	edge, err := httpmw.New(engine, append(idemgateway.MiddlewareOptions(), httpmw.WithCanonicalJSON())...)
	if err != nil {
		return nil, err
	}
	return tenants.handler(edge.Wrap(mux)), nil
}

// dial connects the gateway to the gRPC server of this process.
func dial(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
	)
}
