package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

type tenantKey struct{}

// tenantOf returns the tenant of a call, which tenancy has put into its context.
func tenantOf(ctx context.Context) string {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	return tenant
}

// scope makes the tenant the scope of keys: the same key of two tenants is two
// keys.
func scope(ctx context.Context) (string, error) { return tenantOf(ctx), nil }

// tenancy replaces authentication in this example: a header names the tenant. It
// runs before the guard in every protocol, since the guard needs the scope. Without
// a header, all callers are one tenant.
type tenancy struct{ header string }

var errNoTenant = errors.New("the header that names the tenant must be sent exactly once")

// withTenant puts the tenant into the context. It requires exactly one name: of
// two names, one could come from a client, and the other from a proxy.
func (t tenancy) withTenant(ctx context.Context, names []string) (context.Context, error) {
	if t.header == "" {
		return ctx, nil
	}
	if len(names) != 1 || names[0] == "" {
		return nil, errNoTenant
	}
	return context.WithValue(ctx, tenantKey{}, names[0]), nil
}

// unaryServer is the interceptor of grpc-go. Health checks and reflection have no
// tenant.
func (t tenancy) unaryServer(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if !strings.HasPrefix(info.FullMethod, "/"+paymentsv1.PaymentService_ServiceDesc.ServiceName+"/") {
		return next(ctx, request)
	}
	ctx, err := t.withTenant(ctx, metadata.ValueFromIncomingContext(ctx, t.header))
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, err.Error())
	}
	return next(ctx, request)
}

// unaryConnect is the interceptor of connect-go.
func (t tenancy) unaryConnect(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		ctx, err := t.withTenant(ctx, request.Header().Values(t.header))
		if err != nil {
			return nil, connect.NewError(connect.CodeUnauthenticated, err)
		}
		return next(ctx, request)
	}
}

// handler is the middleware of REST.
func (t tenancy) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, err := t.withTenant(r.Context(), r.Header.Values(t.header))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// forward sends the tenant from the gateway to the gRPC server.
func (t tenancy) forward(ctx context.Context, _ *http.Request) metadata.MD {
	if t.header == "" {
		return nil
	}
	return metadata.Pairs(t.header, tenantOf(ctx))
}
