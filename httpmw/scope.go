package httpmw

import (
	"net/http"

	"github.com/oncewire/idempotency"
)

// PeerScope leaves the caller's scope in the context of every request that came
// over TLS with a client certificate that was verified, for an engine that has
// WithScope(idempotency.ScopeFromContext); see [idempotency.PeerScope]. A
// request without one is passed on without a scope, and such an engine refuses
// its key. It serves connect-go handlers too.
func PeerScope(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if scope, err := idempotency.PeerScope(r.TLS); err == nil {
			r = r.WithContext(idempotency.ContextWithScope(r.Context(), scope))
		}
		next.ServeHTTP(w, r)
	})
}
