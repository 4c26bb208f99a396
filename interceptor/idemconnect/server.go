package idemconnect

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/replayed"
)

// NewInterceptor returns an interceptor for handlers. It guards unary methods and the
// server streams that have [idempotency.Policy.MaxMessages], and refuses other streams
// that have a key, with InvalidArgument. It does nothing for
// clients. It is safe for concurrent use. The error names every option that is
// invalid, and an engine that is nil.
func NewInterceptor(engine *idempotency.Engine, options ...Option) (connect.Interceptor, error) {
	guard, err := rpc.NewGuard("idemconnect", engine, options, split)
	if err != nil {
		return nil, err
	}
	return &interceptor{
		guard:    guard,
		keyField: http.CanonicalHeaderKey(guard.KeyField),
		marker:   marker{field: http.CanonicalHeaderKey(guard.ReplayedField), values: guard.Marker},
	}, nil
}

type interceptor struct {
	guard    *rpc.Guard
	keyField string // canonical name of a header field
	marker   marker
}

// WrapUnary implements connect.Interceptor.
func (i *interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		spec := request.Spec()
		if spec.IsClient {
			return next(ctx, request)
		}
		method := i.method(&spec)
		if method.Unguarded() {
			return next(ctx, request)
		}
		return i.unary(ctx, request, method, next)
	}
}

func (i *interceptor) unary(ctx context.Context, request connect.AnyRequest, method *rpc.Method, next connect.UnaryFunc) (connect.AnyResponse, error) {
	header := request.Header()
	call, err := i.guard.NewCall(ctx, method, header[i.keyField], request.Any())
	if err != nil {
		return nil, refused(err, method.Operation.Name())
	}
	if call.Key == "" {
		return next(ctx, request)
	}
	method.Operation.WarnIfUnscoped(ctx, func() bool { return header["Authorization"] != nil || header["Cookie"] != nil })
	r := recorder{guard: i.guard, method: method, key: call.Key, request: request, next: next}
	result, err := method.Operation.Run(ctx, call, r.run)
	switch {
	case err != nil:
		r.withdraw()
		return nil, refused(err, method.Operation.Name())
	case result.Replayed:
		r.withdraw()
		return i.replay(ctx, method, call.Key, result.Outcome)
	default:
		return r.response, r.err
	}
}

func (i *interceptor) replay(ctx context.Context, method *rpc.Method, key string, raw []byte) (connect.AnyResponse, error) {
	recorded, err := i.guard.Replay(ctx, method, key, raw)
	if err != nil {
		return nil, refused(err, method.Operation.Name())
	}
	replayed.Set(ctx, key)
	return replay(ctx, &recorded, i.marker)
}

// method returns what is known about the method of a spec. A handler without a
// schema may still have the option that it has no side effects.
func (i *interceptor) method(spec *connect.Spec) *rpc.Method {
	return i.guard.Method(spec.Procedure, spec.Schema, spec.IdempotencyLevel == connect.IdempotencyNoSideEffects)
}

// WrapStreamingClient implements connect.Interceptor.
func (i *interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}
