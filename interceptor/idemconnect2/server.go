package idemconnect2

import (
	"context"
	"net/http"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// NewServerInterceptor returns an interceptor for servers. It guards unary methods
// and the server streams that have [idempotency.Policy.MaxMessages], and refuses other
// streams that have a key, with InvalidArgument. It is safe for concurrent use. The
// error names every option that is invalid, and an engine that is nil.
func NewServerInterceptor(engine *idempotency.Engine, options ...Option) (connect.ServerInterceptor, error) {
	guard, err := rpc.NewGuard("idemconnect2", engine, options, split)
	if err != nil {
		return nil, err
	}
	i := &serverInterceptor{
		guard:    guard,
		keyField: http.CanonicalHeaderKey(guard.KeyField),
		marker:   marker{field: http.CanonicalHeaderKey(guard.ReplayedField), values: guard.Marker},
	}
	return i.wrap, nil
}

func (i *serverInterceptor) wrap(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		method := i.guard.Method(spec.Procedure, spec.Schema, spec.IdempotencyLevel == connect.IdempotencyNoSideEffects)
		if method.Unguarded() {
			return next(ctx, spec, stream)
		}
		info, ok := connect.CallInfoForServerContext(ctx)
		if !ok {
			info = new(connect.CallInfo) // only a test invokes a handler without a server
		}
		if spec.StreamType == connect.StreamTypeServer && method.GuardsStreams() {
			return i.serverStream(ctx, method, info, target{spec, next, stream})
		}
		if spec.StreamType != connect.StreamTypeUnary {
			if err := i.guard.RefuseStream(ctx, method, info.RequestHeader().Values(i.keyField)); err != nil {
				return refused(err, spec.Procedure, info)
			}
			return next(ctx, spec, stream)
		}
		return i.unary(ctx, method, info, target{spec, next, stream})
	}
}
