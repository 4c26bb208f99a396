package httpmw

import (
	"net/http"

	"github.com/oncewire/idempotency"
)

// NoEffect returns a handler that says of every answer of next that it had no
// effect: it is not recorded, and the next request with the key runs. It is for
// answers that a router gives when there is no route, so that a request which
// reached an old server during a deployment is not answered with that server's
// 404 for the whole retention:
//
//	router.NotFound(httpmw.NoEffect(http.NotFoundHandler()).ServeHTTP) // chi
//	router.NotFoundHandler = httpmw.NoEffect(http.NotFoundHandler())   // gorilla/mux
//
// An [http.ServeMux] that is handed to [Middleware.Wrap] needs it not. One that
// stands inside of another handler does:
//
//	inner.Handle("/", httpmw.NoEffect(http.NotFoundHandler()))
//
// A request that is not guarded is answered by next as usual.
func NoEffect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		idempotency.DoNotRecord(r.Context())
		next.ServeHTTP(w, r)
	})
}
