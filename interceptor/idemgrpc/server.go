package idemgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// UnaryServerInterceptor guards unary methods. It is safe for concurrent use.
func UnaryServerInterceptor(engine *idempotency.Engine, options ...Option) grpc.UnaryServerInterceptor {
	return newGuard(engine, options).unary
}

// StreamServerInterceptor refuses streams that carry a key, with
// InvalidArgument, and lets all others pass.
func StreamServerInterceptor(engine *idempotency.Engine, options ...Option) grpc.StreamServerInterceptor {
	return newGuard(engine, options).stream
}

type guard struct{ *rpc.Guard }

func newGuard(engine *idempotency.Engine, options []Option) guard {
	config := rpc.NewConfig()
	for _, option := range options {
		option(&config)
	}
	return guard{rpc.NewGuard(engine, config)}
}

func (g guard) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	method := g.Method(info.FullMethod, nil)
	if g.Engine.KeyUse(info.FullMethod, method.Use) == idempotency.KeyOff {
		return handler(ctx, request)
	}
	keys := metadata.ValueFromIncomingContext(ctx, g.KeyField)
	named, err := g.Call(ctx, info.FullMethod, method.Use, keys, request)
	if err != nil {
		return nil, refusal(err, info.FullMethod)
	}
	if named.Key == "" {
		return handler(ctx, request)
	}
	if g.Engine.Unscoped() && len(metadata.ValueFromIncomingContext(ctx, "authorization")) > 0 {
		g.Engine.NoteCredentials(ctx, info.FullMethod)
	}
	c := call{guard: g, method: method, operation: info.FullMethod, request: request, handler: handler}
	result, err := g.Engine.Run(ctx, named, c.run)
	switch {
	case err != nil:
		return nil, refusal(err, info.FullMethod)
	case result.Replayed:
		return c.replay(ctx, result.Outcome)
	default:
		return c.response, c.failure
	}
}

func (g guard) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	keys := metadata.ValueFromIncomingContext(stream.Context(), g.KeyField)
	if refused := g.Stream(stream.Context(), info.FullMethod, g.Method(info.FullMethod, nil).Use, keys); refused != nil {
		return refusal(refused, info.FullMethod)
	}
	return handler(server, stream)
}
