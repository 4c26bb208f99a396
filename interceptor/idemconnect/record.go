package idemconnect

import (
	"context"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// call is one guarded call and what its handler answered.
type call struct {
	*interceptor

	method  *rpc.Method
	key     string
	request connect.AnyRequest
	next    connect.UnaryFunc

	response connect.AnyResponse
	failure  error
}

// run runs the handler and makes a record of its answer.
func (c *call) run(ctx context.Context) idempotency.Answer {
	capture := captureMetadata(ctx)
	c.response, c.failure = c.next(ctx, c.request)
	headers, trailers := capture.captured()
	if c.failure == nil {
		headers = fromHeader(headers, c.response.Header())
		trailers = fromHeader(trailers, c.response.Trailer())
		return c.guard.Success(c.method, c.response.Any(), headers, trailers)
	}
	trailers = fromHeader(trailers, metaOf(c.failure))
	return c.guard.Failure(c.method, c.key, statusOf(c.failure), headers, trailers)
}
