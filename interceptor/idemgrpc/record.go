package idemgrpc

import (
	"context"

	"google.golang.org/grpc"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// recorder runs the handler of a guarded call and records its answer.
type recorder struct {
	guard   *rpc.Guard
	method  *rpc.Method
	key     string
	request any
	handler grpc.UnaryHandler

	// What the handler returned.
	response any
	err      error
}

func (r *recorder) run(ctx context.Context) idempotency.Answer {
	ctx, capture := captureMetadata(ctx)
	r.response, r.err = r.handler(ctx, r.request)
	headers, trailers := capture.captured()
	if r.err == nil {
		return r.guard.Success(r.method, r.response, headers, trailers)
	}
	return r.guard.Failure(r.method, r.key, statusOf(r.err).Proto(), headers, trailers)
}
