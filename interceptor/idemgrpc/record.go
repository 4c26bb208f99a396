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
	metadata metadataCapture // nil until the handler runs
}

func (r *recorder) run(ctx context.Context) idempotency.Answer {
	ctx, r.metadata = captureMetadata(ctx, r.method.Operation.Policy().Transaction.InTransaction())
	r.response, r.err = r.handler(ctx, r.request)
	headers, trailers := r.metadata.captured()
	if r.err == nil {
		return r.guard.Success(r.method, r.response, headers, trailers)
	}
	return r.guard.Failure(r.method, r.key, statusOf(r.err).Proto(), headers, trailers)
}

// answer returns what the handler answered.
func (r *recorder) answer() (any, error) {
	r.metadata.pass()
	return r.response, r.err
}

// withdraw forgets what the handler answered, if it has run: its transaction was not
// committed, or has committed another answer.
func (r *recorder) withdraw() {
	if r.metadata != nil {
		r.metadata.withdraw()
	}
}

// split is the rpc.Splitter of gRPC.
func split(ctx context.Context, response any) (parts rpc.Parts) {
	if capture, ok := ctx.Value(captureKey{}).(metadataCapture); ok {
		parts.Headers, parts.Trailers = capture.captured()
	}
	if err, failed := response.(error); failed {
		parts.Returned = statusOf(err).Proto()
		parts.Sent = parts.Returned
		return parts
	}
	parts.Message = response
	return parts
}
