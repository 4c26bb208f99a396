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
	metadata *metadataCapture // nil until the handler runs
}

func (r *recorder) run(ctx context.Context) idempotency.Answer {
	r.metadata = captureMetadata(ctx)
	r.response, r.err = r.next(r.metadata, r.request)
	headers, trailers := r.metadata.captured()
	if r.err == nil {
		headers = rpc.FromHTTP(headers, r.response.Header())
		trailers = rpc.FromHTTP(trailers, r.response.Trailer())
		return r.guard.Success(r.method, r.response.Any(), headers, trailers)
	}
	trailers = rpc.FromHTTP(trailers, metaOf(r.err))
	return r.guard.Failure(r.method, r.key, statusOf(r.err), headers, trailers)
}

// withdraw forgets what the handler answered, if it has run: its transaction was not
// committed, or has committed another answer.
func (r *recorder) withdraw() {
	if r.metadata != nil {
		r.metadata.withdraw()
	}
}

// split is the rpc.Splitter of Connect. A response may be in a connect.Response, which
// has metadata.
func split(ctx context.Context, response any) (parts rpc.Parts) {
	if capture, ok := ctx.Value(captureKey{}).(*metadataCapture); ok {
		parts.Headers, parts.Trailers = capture.captured()
	}
	switch response := response.(type) {
	case error:
		parts.Returned = statusOf(response)
		parts.Sent = parts.Returned
		parts.Trailers = rpc.FromHTTP(parts.Trailers, metaOf(response))
	case connect.AnyResponse:
		parts.Message = response.Any()
		parts.Headers = rpc.FromHTTP(parts.Headers, response.Header())
		parts.Trailers = rpc.FromHTTP(parts.Trailers, response.Trailer())
	default:
		parts.Message = response
	}
	return parts
}
