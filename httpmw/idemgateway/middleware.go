package idemgateway

import (
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/oncewire/idempotency/httpmw"
)

// Middleware returns a middleware for [runtime.WithMiddlewares] that guards
// every route of a mux. It is for services that are called in process
// (RegisterXHandlerServer), where no interceptor runs. It sits behind the
// routing: a request for an unknown route claims nothing.
func Middleware(guard *httpmw.Middleware) runtime.Middleware {
	return func(next runtime.HandlerFunc) runtime.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request, pathParams map[string]string) {
			guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next(w, r, pathParams)
			})).ServeHTTP(w, r)
		}
	}
}

// MiddlewareOptions returns the options with which package httpmw stores a
// gateway's answers, at the edge and in [Middleware]: without the fields of
// [httpmw.DefaultUnstored] behind the gateway's prefixes too. Options that follow
// them take precedence.
func MiddlewareOptions() []httpmw.Option {
	return []httpmw.Option{httpmw.WithUnstored(unstored()...)}
}

// unstored adds the names under which the gateway forwards the same fields of
// a service.
func unstored() []string {
	names := httpmw.DefaultUnstored()
	for _, name := range append(httpmw.DefaultUnstored(), "Set-Cookie", "Set-Cookie2") {
		names = append(names, runtime.MetadataHeaderPrefix+name, runtime.MetadataTrailerPrefix+name)
	}
	return names
}
