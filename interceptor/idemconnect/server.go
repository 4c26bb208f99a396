package idemconnect

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// NewInterceptor guards unary methods, and refuses streams that carry a key
// with InvalidArgument. It is for handlers, and does nothing for clients. It
// is safe for concurrent use.
func NewInterceptor(engine *idempotency.Engine, options ...Option) connect.Interceptor {
	config := rpc.NewConfig()
	for _, option := range options {
		option(&config)
	}
	return guard{
		Guard:    rpc.NewGuard(engine, config),
		key:      http.CanonicalHeaderKey(engine.KeyField()),
		replayed: http.CanonicalHeaderKey(engine.ReplayedField()),
	}
}

type guard struct {
	*rpc.Guard

	key, replayed string // names of header fields
}

// WrapUnary implements connect.Interceptor.
func (g guard) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		spec := request.Spec()
		if spec.IsClient {
			return next(ctx, request)
		}
		return g.unary(ctx, request, spec, next)
	}
}

func (g guard) unary(ctx context.Context, request connect.AnyRequest, spec connect.Spec, next connect.UnaryFunc) (connect.AnyResponse, error) {
	method := g.Method(spec.Procedure, spec.Schema)
	schema := keyUse(spec, method)
	if g.Engine.KeyUse(spec.Procedure, schema) == idempotency.KeyOff {
		return next(ctx, request)
	}
	named, err := g.Call(ctx, spec.Procedure, schema, request.Header()[g.key], request.Any())
	if err != nil {
		return nil, refusal(err, spec.Procedure)
	}
	if named.Key == "" {
		return next(ctx, request)
	}
	if header := request.Header(); g.Engine.Unscoped() && (header["Authorization"] != nil || header["Cookie"] != nil) {
		g.Engine.NoteCredentials(ctx, spec.Procedure)
	}
	c := call{guard: g, method: method, operation: spec.Procedure, request: request, next: next}
	result, err := g.Engine.Run(ctx, named, c.run)
	switch {
	case err != nil:
		return nil, refusal(err, spec.Procedure)
	case result.Replayed:
		return c.replay(ctx, result.Outcome)
	default:
		return c.response, c.failure
	}
}

// keyUse is what the schema says, or else the option of a handler that was
// built by hand.
func keyUse(spec connect.Spec, method *rpc.Method) idempotency.KeyUse {
	if spec.IdempotencyLevel == connect.IdempotencyNoSideEffects {
		return idempotency.KeyOff
	}
	return method.Use
}

// WrapStreamingClient implements connect.Interceptor.
func (g guard) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements connect.Interceptor.
func (g guard) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		spec := conn.Spec()
		schema := keyUse(spec, g.Method(spec.Procedure, spec.Schema))
		if refused := g.Stream(ctx, spec.Procedure, schema, conn.RequestHeader()[g.key]); refused != nil {
			return refusal(refused, spec.Procedure)
		}
		return next(ctx, conn)
	}
}
