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
// of the gRPC server and forwards the key.
func newREST(tenants tenancy, conn *grpc.ClientConn) (http.Handler, error) {
	mux := runtime.NewServeMux(append(
		idemgateway.ServeMuxOptions(),
		runtime.WithMetadata(tenants.forward),
	)...)
	if err := paymentsv1.RegisterPaymentServiceHandler(context.Background(), mux, conn); err != nil {
		return nil, err
	}
	return mux, idemgateway.Check(mux)
}

// guardREST guards requests a second time: as HTTP at this edge, and as an RPC at the
// service. So a retry over REST gets the first answer byte for byte, and a retry over
// gRPC gets its message. It is left out where the service commits its records
// together with the payments: a record at the edge is committed on its own, under a
// lease that would block the key after a crash.
func guardREST(engine *idempotency.Engine, gateway http.Handler) (http.Handler, error) {
	edge, err := httpmw.New(engine, append(idemgateway.MiddlewareOptions(), httpmw.WithCanonicalJSON())...)
	if err != nil {
		return nil, err
	}
	return edge.Wrap(gateway), nil
}

// dial connects the gateway to the gRPC server of this process.
func dial(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(),
	)
}
