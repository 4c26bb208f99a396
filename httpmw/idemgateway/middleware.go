package idemgateway

import (
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/oncewire/idempotency/httpmw"
)

// Middleware returns a middleware for [runtime.WithMiddlewares] that guards every
// route of a mux. It is for services that the gateway calls in process
// (RegisterXHandlerServer), where no interceptor runs. It runs after the routing, so
// a request without a route makes no claim.
func Middleware(guard *httpmw.Middleware) runtime.Middleware {
	return func(next runtime.HandlerFunc) runtime.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request, pathParams map[string]string) {
			guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next(w, r, pathParams)
			})).ServeHTTP(w, r)
		}
	}
}

// MiddlewareOptions returns the options of package httpmw for a guard around a
// gateway or in a [Middleware]. Outcomes then omit the fields of
// [httpmw.DefaultUnrecordedFields] also under the names that the gateway gives them, with
// its prefixes. Options that follow take precedence.
func MiddlewareOptions() []httpmw.Option {
	return []httpmw.Option{httpmw.WithUnrecordedFields(unrecordedFields()...)}
}

// unrecordedFields returns the default of httpmw, and the names under which the
// gateway forwards the same metadata of a service.
func unrecordedFields() []string {
	names := httpmw.DefaultUnrecordedFields()
	for _, name := range append(httpmw.DefaultUnrecordedFields(), "Set-Cookie", "Set-Cookie2") {
		names = append(names, runtime.MetadataHeaderPrefix+name, runtime.MetadataTrailerPrefix+name)
	}
	return names
}
