package main

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
	"github.com/oncewire/idempotency/tools/conformance/tally"
)

// keys are the interceptors that give calls the mode's keys. They send each call
// once, since a case wants to see the error that it asks for.
func keys(mode tally.Mode) ([]grpc.UnaryClientInterceptor, error) {
	client, err := idemgrpc.NewClientInterceptor(idemgrpc.WithMaxAttempts(1))
	switch {
	case err != nil || mode == tally.Plain:
		return nil, err
	case mode == tally.Keyed:
		return []grpc.UnaryClientInterceptor{client.Unary}, nil
	default:
		return []grpc.UnaryClientInterceptor{twice, client.Unary}, nil
	}
}

// unserved is the method of unimplemented_service. grpc-go answers for services
// that it does not know before any interceptor.
const unserved = testgrpc.UnimplementedService_UnimplementedCall_FullMethodName

// twice makes a call, and then again with its key: what the case gets to see
// is the second answer, which must be marked as a replay.
func twice(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	key := idempotency.NewKey()
	// An error may be what the case wants.
	_ = invoke(idempotency.WithKey(apart(ctx), key), method, request, reply, conn, options...)
	var header, trailer metadata.MD
	options = append(slices.Clip(options), grpc.Header(&header), grpc.Trailer(&trailer))
	err := invoke(idempotency.WithKey(ctx, key), method, request, reply, conn, options...)
	if marks := metadata.Join(header, trailer)[strings.ToLower(idempotency.DefaultReplayedField)]; method != unserved && !slices.Equal(marks, []string{"true"}) {
		return status.Errorf(codes.Internal, "the second answer of %s has the marks %q, and the error %v", method, marks, err)
	}
	return err
}

// apart is the call's context without whatever a case has in it to note what
// the call brings.
func apart(ctx context.Context) context.Context {
	sent, _ := metadata.FromOutgoingContext(ctx)
	return metadata.NewOutgoingContext(context.Background(), sent)
}
