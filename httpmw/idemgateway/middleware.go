package idemgateway

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/oncewire/idempotency/httpmw"
)

// Middleware returns a middleware for [runtime.WithMiddlewares] that guards every
// route of a mux, and knows each by its method and path. It runs after the routing,
// so a request without a route makes no claim.
//
// A mux does not tell a middleware which RPC a route stands for. So policies and
// options of RPCs do not apply: a method that requires a key in its schema runs
// without one. For services of this process use [NewInProcess], or else
// [ServiceMiddleware]; for other services, a guard at the service. Middleware is for
// muxes that have other routes only (HandlePath), or whose services have no options.
func Middleware(guard *httpmw.Middleware) runtime.Middleware {
	return new(routes).middleware(guard)
}

// ServiceMiddleware is [Middleware] for services that the gateway calls in process
// (RegisterXHandlerServer). A request to a route of theirs is a call of the RPC: the
// operation, its policies and the options of its schema are those of the RPC, and
// every HTTP method is guarded. All other routes are known by method and path. The
// guard must have the options of [MiddlewareOptions].
//
// Each function registers services, with generated functions and with nothing else:
//
//	register := func(mux *runtime.ServeMux) error {
//		return paymentsv1.RegisterPaymentServiceHandlerServer(ctx, mux, service)
//	}
//	middleware, err := idemgateway.ServiceMiddleware(guard, register)
//	mux := runtime.NewServeMux(append(idemgateway.ServeMuxOptions(),
//		runtime.WithMiddlewares(middleware))...)
//	err = register(mux)
//
// It is run on a mux that only finds out which route stands for which RPC; its
// services are never called through that mux. A handler of another kind
// (HandlePath) would run there too. The error is that of a function.
func ServiceMiddleware(guard *httpmw.Middleware, register ...func(*runtime.ServeMux) error) (runtime.Middleware, error) {
	services, err := newRoutes(register)
	if err != nil {
		return nil, err
	}
	return services.middleware(guard), nil
}

func (s *routes) middleware(guard *httpmw.Middleware) runtime.Middleware {
	return func(next runtime.HandlerFunc) runtime.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request, pathParams map[string]string) {
			if found := s.find(r); found != nil {
				r = r.WithContext(context.WithValue(r.Context(), rpcKey{}, found))
			}
			guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next(w, r, pathParams)
			})).ServeHTTP(w, r)
		}
	}
}

// MiddlewareOptions returns the options of package httpmw for a guard around a
// gateway or in a [Middleware]. Outcomes then omit the fields of
// [httpmw.DefaultUnrecordedFields] also under the names that the gateway gives them, with
// its prefixes, and the requests of a [ServiceMiddleware] are calls of RPCs. Options
// that follow take precedence.
func MiddlewareOptions() []httpmw.Option {
	return []httpmw.Option{httpmw.WithUnrecordedFields(unrecordedFields()...), httpmw.WithSchema(rpcOf)}
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
