package main

import (
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/oncewire/idempotency"
)

// authenticate finds out who calls from the secret key, and leaves it as the
// scope of idempotency keys: two callers never meet, even with the same key.
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

// requestID names every answer, also a replay: it stands outside of the guard.
func requestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request-Id", "req_"+rand.Text())
		next.ServeHTTP(w, r)
	})
}
