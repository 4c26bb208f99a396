package idemgrpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// UnaryClientInterceptor gives every unary call a key, unless its metadata has
// one already: that of [idempotency.WithKey], or else a fresh one. The retries
// that grpc-go makes by itself happen inside the call and carry the same key;
// to retry across calls, name the key. Methods without side effects get none.
//
// The field is that of [idempotency.WithKeyField]; the empty string stands for
// its default.
func UnaryClientInterceptor(field string) grpc.UnaryClientInterceptor {
	if field == "" {
		field = idempotency.DefaultKeyField
	}
	field = strings.ToLower(field)
	methods := new(rpc.Methods)
	return func(ctx context.Context, procedure string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		if methods.Lookup(procedure, nil).Schema != idempotency.KeyOff {
			ctx = withKey(ctx, field)
		}
		return invoke(ctx, procedure, request, reply, conn, options...)
	}
}

func withKey(ctx context.Context, field string) context.Context {
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	if len(outgoing.Get(field)) > 0 {
		return ctx
	}
	key, ok := idempotency.OutgoingKey(ctx)
	if !ok {
		key = idempotency.NewKey()
	}
	return metadata.AppendToOutgoingContext(ctx, field, key)
}
