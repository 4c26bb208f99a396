package idemconnect2

import (
	"context"
	"net/http"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/replayed"
)

// NewServerInterceptor returns an interceptor for servers. It guards unary methods
// and the server streams that have [idempotency.Policy.MaxMessages], and refuses other
// streams that have a key, with InvalidArgument. It is safe for
// concurrent use. The error names every option that is invalid, and an engine that
// is nil.
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

type serverInterceptor struct {
	guard    *rpc.Guard
	keyField string // canonical name of a header field
	marker   marker
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

// unary decodes the request, since its message is part of the claim, and hands it
// over to the handler. Without a key it leaves all that to the handler.
func (i *serverInterceptor) unary(ctx context.Context, method *rpc.Method, info *connect.CallInfo, to target) error {
	keys := info.RequestHeader().Values(i.keyField)
	request, err := i.guard.NewRequest(ctx, method, keys)
	switch {
	case err != nil:
		return refused(err, to.spec.Procedure, info)
	case request == nil:
		return to.next(ctx, to.spec, to.stream)
	}
	if err := to.stream.Receive(request); err != nil {
		return err
	}
	call, err := i.guard.NewCall(ctx, method, keys, request)
	if err != nil {
		return refused(err, to.spec.Procedure, info)
	}
	u := &unaryCall{guard: i.guard, method: method, info: info, target: to, key: call.Key}
	u.held.handedOver = handedOver{ServerStream: to.stream, request: request}
	if call.Key == "" {
		return to.next(ctx, to.spec, &u.held.handedOver)
	}
	return i.guarded(ctx, u, call)
}

func (i *serverInterceptor) guarded(ctx context.Context, u *unaryCall, call idempotency.Call) error {
	u.method.Operation.WarnIfUnscoped(ctx, u.hasCredentials)
	result, err := u.method.Operation.Run(ctx, call, u.run)
	switch {
	case err != nil:
		u.discard()
		return refused(err, u.spec.Procedure, u.info)
	case result.Replayed:
		u.discard()
		return i.replay(ctx, u, result.Outcome)
	default:
		return u.answer()
	}
}

func (i *serverInterceptor) replay(ctx context.Context, u *unaryCall, raw []byte) error {
	recorded, err := i.guard.Replay(ctx, u.method, u.key, raw)
	if err != nil {
		return refused(err, u.spec.Procedure, u.info)
	}
	replayed.Set(ctx, u.key)
	return replay(&recorded, i.marker, u.info, u.stream)
}
