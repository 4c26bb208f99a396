package idemgateway

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"
)

// errNotForwarded is returned by Check.
var errNotForwarded = errors.New("idemgateway: the mux does not hand the idempotency key on to the service, " +
	"which then runs every retry; make it with runtime.NewServeMux(idemgateway.ServeMuxOptions()...)")

// Check reports, when a program starts, a mux that keeps keys to itself: what
// grpc-gateway does by default. It asks the mux what it would forward, and
// sends nothing. Give it the options that name other fields, if there are any.
func Check(mux *runtime.ServeMux, opts ...Option) error {
	const probe = "idemgateway-check"
	c := newConfig(opts)
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "/", http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set(c.keyField, probe)
	ctx, err := runtime.AnnotateContext(request.Context(), mux, request, "/check.Service/Method")
	if err != nil {
		return err
	}
	forwarded, _ := metadata.FromOutgoingContext(ctx)
	if keys := forwarded.Get(strings.ToLower(c.keyField)); len(keys) != 1 || keys[0] != probe {
		return errNotForwarded
	}
	return nil
}
