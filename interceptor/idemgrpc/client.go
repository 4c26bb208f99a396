package idemgrpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/clientkey"
)

// ClientInterceptor sends keys with the calls of a client. It is safe for
// concurrent use.
type ClientInterceptor struct {
	field   string // in lower case
	methods rpc.ClientMethods
}

// NewClientInterceptor returns an interceptor for a client. The field is the name
// of the metadata field that the server expects; empty means the default,
// [idempotency.DefaultKeyField].
func NewClientInterceptor(field string) *ClientInterceptor {
	if field == "" {
		field = idempotency.DefaultKeyField
	}
	return &ClientInterceptor{field: strings.ToLower(field)}
}

// Unary sends a key with every unary call whose metadata has none yet: the key of
// [idempotency.WithKey], or else a new one. Methods without side effects get no
// key. The retries of grpc-go itself happen inside the call and have the same key;
// to retry across calls, use WithKey. It is a [grpc.UnaryClientInterceptor].
func (c *ClientInterceptor) Unary(ctx context.Context, procedure string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if c.methods.TakesKey(procedure, nil) {
		ctx = withKey(ctx, c.field)
	}
	return invoke(ctx, procedure, request, reply, conn, options...)
}

func withKey(ctx context.Context, field string) context.Context {
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	if len(outgoing.Get(field)) > 0 {
		return ctx
	}
	key, ok := clientkey.From(ctx)
	if !ok {
		key = idempotency.NewKey()
	}
	return metadata.AppendToOutgoingContext(ctx, field, key)
}
