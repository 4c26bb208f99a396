package idemconnect

import (
	"context"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// recorder runs the handler of a guarded call and records its answer.
type recorder struct {
	guard   *rpc.Guard
	method  *rpc.Method
	key     string
	request connect.AnyRequest
	next    connect.UnaryFunc

	// What the handler returned.
	response connect.AnyResponse
	err      error
	metadata metadataCapture // zero until the handler runs
}

func (r *recorder) run(ctx context.Context) idempotency.Answer {
	r.metadata = captureMetadata(ctx)
	r.response, r.err = r.next(ctx, r.request)
	headers, trailers := r.metadata.captured()
	if r.err == nil {
		headers = rpc.FromHTTP(headers, r.response.Header())
		trailers = rpc.FromHTTP(trailers, r.response.Trailer())
		return r.guard.Success(r.method, r.response.Any(), headers, trailers)
	}
	trailers = rpc.FromHTTP(trailers, metaOf(r.err))
	return r.guard.Failure(r.method, r.key, statusOf(r.err), headers, trailers)
}
