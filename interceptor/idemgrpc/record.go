package idemgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// call is one guarded call and what its handler answered.
type call struct {
	*Interceptor

	method  *rpc.Method
	key     string
	request any
	handler grpc.UnaryHandler

	response any
	failure  error
}

// run runs the handler and makes a record of its answer.
func (c *call) run(ctx context.Context) idempotency.Answer {
	ctx, capture := captureMetadata(ctx)
	c.response, c.failure = c.handler(ctx, c.request)
	headers, trailers := capture.captured()
	if c.failure == nil {
		return c.guard.Success(c.method, c.response, headers, trailers)
	}
	return c.guard.Failure(c.method, c.key, statusOf(c.failure).Proto(), headers, trailers)
}

// statusOf reads an error as grpc-go does when it sends it.
func statusOf(err error) *status.Status {
	if s, ok := status.FromError(err); ok {
		return s
	}
	return status.FromContextError(err)
}
