package httpmw

import (
	"net/http"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/peer"
)

// PeerScope sets the caller's scope in the context of every request that came over
// TLS with a verified client certificate, for an engine that has
// WithScope(idempotency.ScopeFromContext). The scope is the first URI of the
// certificate (as in SPIFFE), otherwise its issuer and subject, so that a renewed
// certificate is the same caller. Other requests are passed on without a scope,
// and such an engine refuses their keys. It can also be used around connect-go
// handlers.
func PeerScope(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if scope, err := peer.Scope(r.TLS); err == nil {
			r = r.WithContext(idempotency.ContextWithScope(r.Context(), scope))
		}
		next.ServeHTTP(w, r)
	})
}
