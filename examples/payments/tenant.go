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

// tenantOf returns who is calling, which a door has put into the context.
func tenantOf(ctx context.Context) string {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	return tenant
}

// scope is the engine's view of the caller: no tenant meets another's keys.
func scope(ctx context.Context) (string, error) { return tenantOf(ctx), nil }

// tenancy stands in for authentication: a header names the tenant. It comes
// before the idempotency layer at every door, since a key means nothing until
// one knows whose it is. Without a header there is one tenant for all.
type tenancy struct{ header string }

var errNoTenant = errors.New("the header that names the tenant must be sent exactly once")

// admit takes exactly one name: of two, one could be smuggled in by a client
// behind a proxy that adds the other.
func (t tenancy) admit(ctx context.Context, names []string) (context.Context, error) {
	if t.header == "" {
		return ctx, nil
	}
	if len(names) != 1 || names[0] == "" {
		return nil, errNoTenant
	}
	return context.WithValue(ctx, tenantKey{}, names[0]), nil
}

// unaryServer is the door of grpc-go. Health checks and reflection are nobody's.
func (t tenancy) unaryServer(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if !strings.HasPrefix(info.FullMethod, "/"+paymentsv1.PaymentService_ServiceDesc.ServiceName+"/") {
		return next(ctx, request)
	}
	ctx, err := t.admit(ctx, metadata.ValueFromIncomingContext(ctx, t.header))
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, err.Error())
	}
	return next(ctx, request)
}

// unaryConnect is the door of connect-go.
func (t tenancy) unaryConnect(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		ctx, err := t.admit(ctx, request.Header().Values(t.header))
		if err != nil {
			return nil, connect.NewError(connect.CodeUnauthenticated, err)
		}
		return next(ctx, request)
	}
}

// handler is the door of REST.
func (t tenancy) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, err := t.admit(r.Context(), r.Header.Values(t.header))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// forward hands the tenant on from the gateway to the gRPC server.
func (t tenancy) forward(ctx context.Context, _ *http.Request) metadata.MD {
	if t.header == "" {
		return nil
	}
	return metadata.Pairs(t.header, tenantOf(ctx))
}
