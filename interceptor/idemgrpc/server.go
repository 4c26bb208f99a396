package idemgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/replayed"
)

// Interceptor guards the methods of a server. It is safe for concurrent use.
type Interceptor struct {
	guard  *rpc.Guard
	marker metadata.MD // of a replay without other metadata; never changed
}

// NewInterceptor returns an interceptor for a server. The error names every option
// that is invalid, and an engine that is nil.
func NewInterceptor(engine *idempotency.Engine, options ...Option) (*Interceptor, error) {
	guard, err := rpc.NewGuard("idemgrpc", engine, options, split)
	if err != nil {
		return nil, err
	}
	return &Interceptor{guard: guard, marker: metadata.MD{guard.ReplayedField: guard.Marker}}, nil
}

// Unary guards unary methods; it is a [grpc.UnaryServerInterceptor].
func (i *Interceptor) Unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	method := i.guard.Method(info.FullMethod, nil, false)
	if method.Unguarded() {
		return handler(ctx, request)
	}
	call, err := i.guard.NewCall(ctx, method, metadata.ValueFromIncomingContext(ctx, i.guard.KeyField), request)
	if err != nil {
		return nil, refused(err, info.FullMethod)
	}
	if call.Key == "" {
		return handler(ctx, request)
	}
	method.Operation.WarnIfUnscoped(ctx, func() bool {
		return len(metadata.ValueFromIncomingContext(ctx, "authorization")) > 0
	})
	r := recorder{guard: i.guard, method: method, key: call.Key, request: request, handler: handler}
	result, err := method.Operation.Run(ctx, call, r.run)
	switch {
	case err != nil:
		r.withdraw()
		return nil, refused(err, info.FullMethod)
	case result.Replayed:
		r.withdraw()
		return i.replay(ctx, method, call.Key, result.Outcome)
	default:
		return r.answer()
	}
}

func (i *Interceptor) replay(ctx context.Context, method *rpc.Method, key string, raw []byte) (any, error) {
	recorded, err := i.guard.Replay(ctx, method, key, raw)
	if err != nil {
		return nil, refused(err, method.Operation.Name())
	}
	replayed.Set(ctx, key)
	return replay(ctx, &recorded, i.marker)
}
