package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

// target is the server of a case.
type target struct {
	conn    *grpc.ClientConn
	address string
	dial    func() (*grpc.ClientConn, error)
}

func (t target) client() testgrpc.TestServiceClient { return testgrpc.NewTestServiceClient(t.conn) }

type interopCase struct {
	call   func(context.Context, target)
	config string // of the service
}

// onClient is a case that needs nothing but the client of the test service.
func onClient(do func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption)) interopCase {
	return interopCase{config: "{}", call: func(ctx context.Context, to target) { do(ctx, to.client()) }}
}

// loadReports has the client look at what servers report of their load, in a
// trailer.
const loadReports = `{"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}`

// cases are those of the package, less those that need Google's credentials,
// pick_first_unary, for which its own server has no answer, and orca_oob, for
// which a server must have an option that is internal to grpc-go.
var cases = map[string]interopCase{
	"cancel_after_begin":          onClient(interop.DoCancelAfterBegin),
	"cancel_after_first_response": onClient(interop.DoCancelAfterFirstResponse),
	"channel_soak":                {config: "{}", call: channelSoak},
	"client_streaming":            onClient(interop.DoClientStreaming),
	"custom_metadata":             onClient(interop.DoCustomMetadata),
	"empty_stream":                onClient(interop.DoEmptyStream),
	"empty_unary":                 onClient(interop.DoEmptyUnaryCall),
	"large_unary":                 onClient(interop.DoLargeUnaryCall),
	"orca_per_rpc": {config: loadReports, call: func(ctx context.Context, to target) {
		interop.DoORCAPerRPCTest(ctx, to.client())
	}},
	"ping_pong":                  onClient(interop.DoPingPong),
	"rpc_soak":                   {config: "{}", call: rpcSoak},
	"server_streaming":           onClient(interop.DoServerStreaming),
	"special_status_message":     onClient(interop.DoSpecialStatusMessage),
	"status_code_and_message":    onClient(interop.DoStatusCodeAndMessage),
	"timeout_on_sleeping_server": onClient(interop.DoTimeoutOnSleepingServer),
	"unimplemented_method": {config: "{}", call: func(ctx context.Context, to target) {
		interop.DoUnimplementedMethod(ctx, to.conn)
	}},
	"unimplemented_service": {config: "{}", call: func(ctx context.Context, to target) {
		interop.DoUnimplementedService(ctx, testgrpc.NewUnimplementedServiceClient(to.conn))
	}},
}

func list() {
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		fmt.Fprintln(os.Stdout, name)
	}
}

func rpcSoak(ctx context.Context, to target) {
	soak(ctx, to, func() (*grpc.ClientConn, func()) { return to.conn, func() {} })
}

func channelSoak(ctx context.Context, to target) {
	soak(ctx, to, func() (*grpc.ClientConn, func()) {
		conn, err := to.dial()
		if err != nil {
			panic(err) // only an address that is none
		}
		return conn, func() { _ = conn.Close() }
	})
}

// soak has the sizes and the number of calls that the package's own client has.
func soak(ctx context.Context, to target, channel func() (*grpc.ClientConn, func())) {
	interop.DoSoakTest(ctx, interop.SoakTestConfig{
		RequestSize: 271828, ResponseSize: 314159, ServerAddr: to.address,
		NumWorkers: 1, Iterations: 10,
		PerIterationMaxAcceptableLatency: 5 * time.Second, OverallTimeout: 20 * time.Second,
		ChannelForTest: channel,
	})
}
