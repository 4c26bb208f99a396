package idempotencytest_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// grpcService is a service over gRPC that pays with every call.
type grpcService struct {
	testpb.UnimplementedTestServiceServer

	ledger *ledger
}

func (s grpcService) UnaryCall(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	return &testpb.SimpleResponse{Username: fmt.Sprint(s.ledger.pay("5"))}, nil
}

// dialGRPC starts the service over gRPC with a guard, and returns a client of it.
func dialGRPC(tb testing.TB, l *ledger, store backend.Store) testpb.TestServiceClient {
	tb.Helper()
	guard, err := idemgrpc.NewInterceptor(newEngine(tb, store))
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(guard.Unary))
	testpb.RegisterTestServiceServer(server, grpcService{ledger: l})
	go server.Serve(listener)
	tb.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return testpb.NewTestServiceClient(conn)
}

type (
	connectRequest  = wrapperspb.Int64Value
	connectResponse = wrapperspb.StringValue
)

// dialConnect starts the service over Connect with a guard, and returns a client
// of it.
func dialConnect(tb testing.TB, l *ledger, store backend.Store) *connect.Client[connectRequest, connectResponse] {
	tb.Helper()
	guard, err := idemconnect.NewInterceptor(newEngine(tb, store))
	if err != nil {
		tb.Fatal(err)
	}
	const procedure = "/payments.v1.PaymentService/CreatePayment"
	mux := http.NewServeMux()
	mux.Handle(procedure, connect.NewUnaryHandler(procedure,
		func(context.Context, *connect.Request[connectRequest]) (*connect.Response[connectResponse], error) {
			return connect.NewResponse(wrapperspb.String(fmt.Sprint(l.pay("5")))), nil
		}, connect.WithInterceptors(guard)))
	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)
	return connect.NewClient[connectRequest, connectResponse](server.Client(), server.URL+procedure)
}
