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
var errNotForwarded = errors.New("idemgateway: the mux does not forward the idempotency key to the service, " +
	"which then runs every retry; create the mux with runtime.NewServeMux(idemgateway.ServeMuxOptions()...)")

// Check returns an error if the mux does not forward the key to the service. By
// default, grpc-gateway does not. Call Check when the program starts. It inspects the
// metadata that the mux would send, and sends nothing. If [WithKeyField] names another
// field, pass that option.
func Check(mux *runtime.ServeMux, options ...Option) error {
	const probe = "idemgateway-check"
	c := newConfig(options)
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
