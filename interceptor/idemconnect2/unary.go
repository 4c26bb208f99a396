package idemconnect2

import (
	"context"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/replayed"
)

// serverInterceptor guards the calls of a server.
type serverInterceptor struct {
	guard    *rpc.Guard
	keyField string // canonical name of a header field
	marker   marker
}

// unary decodes the request, since its message is part of the claim, and hands it
// over to the handler. Without a key it leaves all that to the handler.
func (i *serverInterceptor) unary(ctx context.Context, method *rpc.Method, info *connect.CallInfo, to target) error {
	keys := info.RequestHeader().Values(i.keyField)
	request, err := i.receive(ctx, method, info, to, keys)
	switch {
	case err != nil:
		return err
	case request == nil:
		return to.next(ctx, to.spec, to.stream)
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

// receive returns the request message of a call, or nil if nothing of it is needed. A
// refusal comes before anything is read.
func (i *serverInterceptor) receive(ctx context.Context, method *rpc.Method, info *connect.CallInfo, from target, keys []string) (proto.Message, error) {
	request, err := i.guard.NewRequest(ctx, method, keys)
	if err != nil {
		return nil, refused(err, from.spec.Procedure, info)
	}
	if request != nil {
		err = from.stream.Receive(request)
	}
	return request, err
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
