package idemconnect

import (
	"context"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// NewClientInterceptor gives every unary call of a client a key, unless its
// headers have one already: that of [idempotency.WithKey], or else a fresh one.
// connect-go does not retry by itself; to retry a call, name its key. Methods
// without side effects get none.
//
// The field is that of [idempotency.WithKeyField]; the empty string stands for
// its default.
func NewClientInterceptor(field string) connect.Interceptor {
	if field == "" {
		field = idempotency.DefaultKeyField
	}
	methods := new(rpc.Methods)
	return connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			spec := request.Spec()
			if spec.IsClient && methods.Lookup(spec.Procedure, spec.Schema).Schema != idempotency.KeyOff {
				setKey(ctx, request, field)
			}
			return next(ctx, request)
		}
	})
}

func setKey(ctx context.Context, request connect.AnyRequest, field string) {
	if request.Header().Get(field) != "" {
		return
	}
	key, ok := idempotency.OutgoingKey(ctx)
	if !ok {
		key = idempotency.NewKey()
	}
	request.Header().Set(field, key)
}
