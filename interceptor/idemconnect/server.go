package idemconnect

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// NewInterceptor returns an interceptor that guards unary methods, and refuses
// streams that carry a key with InvalidArgument. It is for handlers, and does
// nothing for clients. It is safe for concurrent use. The error names every
// option that cannot be honoured, and an engine that is nil.
func NewInterceptor(engine *idempotency.Engine, options ...Option) (connect.Interceptor, error) {
	guard, err := rpc.NewGuard("idemconnect", engine, options)
	if err != nil {
		return nil, err
	}
	return &interceptor{
		guard:    guard,
		key:      http.CanonicalHeaderKey(engine.KeyField()),
		replayed: http.CanonicalHeaderKey(engine.ReplayedField()),
	}, nil
}

type interceptor struct {
	guard         *rpc.Guard
	key, replayed string // names of header fields
}

// WrapUnary implements connect.Interceptor.
func (i *interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		spec := request.Spec()
		if spec.IsClient {
			return next(ctx, request)
		}
		method := i.method(&spec)
		if method.Use == idempotency.KeyOff {
			return next(ctx, request)
		}
		return i.unary(ctx, request, method, next)
	}
}

func (i *interceptor) unary(ctx context.Context, request connect.AnyRequest, method *rpc.Method, next connect.UnaryFunc) (connect.AnyResponse, error) {
	header := request.Header()
	named, err := i.guard.Call(ctx, method, header[i.key], request.Any())
	if err != nil {
		return nil, refused(err, method.Operation)
	}
	if named.Key == "" {
		return next(ctx, request)
	}
	if engine := i.guard.Engine; engine.Unscoped() && (header["Authorization"] != nil || header["Cookie"] != nil) {
		engine.NoteCredentials(ctx, method.Operation)
	}
	c := call{interceptor: i, method: method, key: named.Key, request: request, next: next}
	result, err := i.guard.Engine.Run(ctx, named, c.run)
	switch {
	case err != nil:
		return nil, refused(err, method.Operation)
	case result.Replayed:
		return c.replay(ctx, result.Outcome)
	default:
		return c.response, c.failure
	}
}

// method takes the option of a handler that was built by hand for a schema.
func (i *interceptor) method(spec *connect.Spec) *rpc.Method {
	return i.guard.Method(spec.Procedure, spec.Schema, spec.IdempotencyLevel == connect.IdempotencyNoSideEffects)
}

// WrapStreamingClient implements connect.Interceptor.
func (i *interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements connect.Interceptor.
func (i *interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		spec := conn.Spec()
		if err := i.guard.Stream(ctx, i.method(&spec), conn.RequestHeader()[i.key]); err != nil {
			return refused(err, spec.Procedure)
		}
		return next(ctx, conn)
	}
}
