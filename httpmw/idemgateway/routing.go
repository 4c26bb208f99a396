package idemgateway

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
)

// RoutingErrorHandler returns a handler for [runtime.WithRoutingErrorHandler]. A
// request for which there is no route (404, 405 and the like) has no effect, so a
// guard around the gateway releases the key instead of recording the answer: during
// a deployment another server may have the route. The handler of
// [WithRoutingErrorHandler] writes the answer.
func RoutingErrorHandler(options ...Option) runtime.RoutingErrorHandlerFunc {
	return newConfig(options).handleRoutingError
}

func (c *config) handleRoutingError(ctx context.Context, mux *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter, r *http.Request, httpStatus int) {
	noEffect(ctx)
	c.routingErrorHandler(ctx, mux, marshaler, w, r, httpStatus)
}
