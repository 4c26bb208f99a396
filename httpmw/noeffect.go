package httpmw

import (
	"net/http"
	"net/url"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
)

// NoEffect returns a handler whose answers are those of next and are never
// recorded: it says that the request had no effect, and the next request with the
// key runs. It is for the answers of a router to requests without a route. During
// a deployment an old server does not know a new route yet. Without NoEffect its
// 404 would be recorded and replayed for the whole retention:
//
//	router.NotFound(httpmw.NoEffect(http.NotFoundHandler()).ServeHTTP) // chi
//	router.NotFoundHandler = httpmw.NoEffect(http.NotFoundHandler())   // gorilla/mux
//
// An [http.ServeMux] that is given to [Middleware.Wrap] does not need it. A mux
// inside another handler does:
//
//	inner.Handle("/", httpmw.NoEffect(http.NotFoundHandler()))
//
// It does not change requests that are not guarded.
func NoEffect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		execution, _ := idempotency.FromContext(r.Context())
		execution.NoEffect()
		next.ServeHTTP(w, r)
	})
}

// innerRefusal reports whether an answer is the refusal of this call by an inner
// guard, in this process or behind a proxy: the handler did not run. The inner
// guard's operation may be the path: an RPC.
func innerRefusal(status int, header http.Header, operation idempotency.Operation, path urlPath, key string) bool {
	if status < http.StatusBadRequest {
		return false
	}
	for _, text := range header[mark.Field] {
		if operation.HasRefusalMark(text, key) || mark.Matches(text, path.escaped(), key) {
			return true
		}
	}
	return false
}

// unrouted reports whether the handler is a mux that has no route for the request.
// It recognises [http.ServeMux] only: another type with the same methods may serve
// such requests in its own way.
func unrouted(handler http.Handler, r *http.Request, path urlPath) bool {
	mux, ok := handler.(*http.ServeMux)
	if !ok {
		return false
	}
	received := *r.URL
	received.Path, received.RawPath = path.plain, path.raw
	_, pattern := mux.Handler(&http.Request{Method: r.Method, Host: r.Host, URL: &received})
	return pattern == ""
}

// urlPath is the path of a request before the handler ran. A handler may change
// the URL.
type urlPath struct{ plain, raw string }

func pathOf(u *url.URL) urlPath { return urlPath{u.Path, u.RawPath} }

func (p urlPath) escaped() string {
	received := url.URL{Path: p.plain, RawPath: p.raw}
	return received.EscapedPath()
}
