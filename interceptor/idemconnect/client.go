package idemconnect

import (
	"context"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/clientkey"
)

// NewClientInterceptor returns an interceptor for a client. It sends a key with
// every unary call whose headers have none yet: the key of [idempotency.WithKey],
// or else a new one. Methods without side effects get no key. connect-go does not
// retry by itself; to retry a call, use WithKey.
//
// The field is the name of the header that the server expects; empty means the
// default, [idempotency.DefaultKeyField].
func NewClientInterceptor(field string) connect.Interceptor {
	if field == "" {
		field = idempotency.DefaultKeyField
	}
	methods := new(rpc.ClientMethods)
	return connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			spec := request.Spec()
			if spec.IsClient && methods.TakesKey(spec.Procedure, spec.Schema) {
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
	key, ok := clientkey.From(ctx)
	if !ok {
		key = idempotency.NewKey()
	}
	request.Header().Set(field, key)
}
