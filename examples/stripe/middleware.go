package main

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/oncewire/idempotency"
)

// authenticate makes the caller's secret key the scope of idempotency keys: the
// same key of two callers is two keys.
func authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret, _, ok := r.BasicAuth() // curl -u
		if !ok {
			secret, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		}
		if !strings.HasPrefix(secret, "sk_test_") {
			failure{Type: "invalid_request_error", Message: "Invalid API key."}.write(w, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(idempotency.ContextWithScope(r.Context(), secret)))
	})
}

// requestID gives every answer an id of its own. It is outside the guard, so that
// a replay has a new id.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request-Id", "req_"+rand.Text())
		next.ServeHTTP(w, r)
	})
}
