package idemgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// Interceptor guards the methods of a server. It is safe for concurrent use.
type Interceptor struct {
	guard  *rpc.Guard
	marker metadata.MD // of a replay that has no other metadata; never changed
}

// NewInterceptor returns an interceptor for a server. The error names every
// option that cannot be honoured, and an engine that is nil.
func NewInterceptor(engine *idempotency.Engine, options ...Option) (*Interceptor, error) {
	guard, err := rpc.NewGuard("idemgrpc", engine, options)
	if err != nil {
		return nil, err
	}
	return &Interceptor{guard: guard, marker: metadata.MD{guard.ReplayedField: guard.Marker}}, nil
}

// Unary guards unary methods; it is a [grpc.UnaryServerInterceptor].
func (i *Interceptor) Unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	method := i.guard.Method(info.FullMethod, nil, false)
	if method.Use == idempotency.KeyOff {
		return handler(ctx, request)
	}
	keys := metadata.ValueFromIncomingContext(ctx, i.guard.KeyField)
	named, err := i.guard.Call(ctx, method, keys, request)
	if err != nil {
		return nil, refused(err, info.FullMethod)
	}
	if named.Key == "" {
		return handler(ctx, request)
	}
	if engine := i.guard.Engine; engine.Unscoped() && len(metadata.ValueFromIncomingContext(ctx, "authorization")) > 0 {
		engine.NoteCredentials(ctx, info.FullMethod)
	}
	c := call{Interceptor: i, method: method, key: named.Key, request: request, handler: handler}
	result, err := i.guard.Engine.Run(ctx, named, c.run)
	switch {
	case err != nil:
		return nil, refused(err, info.FullMethod)
	case result.Replayed:
		return c.replay(ctx, result.Outcome)
	default:
		return c.response, c.failure
	}
}

// Stream refuses streams that carry a key, with InvalidArgument, and lets all
// others pass; it is a [grpc.StreamServerInterceptor].
func (i *Interceptor) Stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx := stream.Context()
	keys := metadata.ValueFromIncomingContext(ctx, i.guard.KeyField)
	if err := i.guard.Stream(ctx, i.guard.Method(info.FullMethod, nil, false), keys); err != nil {
		return refused(err, info.FullMethod)
	}
	return handler(server, stream)
}
