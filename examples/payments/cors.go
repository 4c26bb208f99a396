package main

import (
	"net/http"

	connectcors "connectrpc.com/cors"
	"github.com/rs/cors"

	"github.com/oncewire/idempotency"
)

// withCORS lets pages of the origins of -cors-origin call the server. They may
// send the key and read the marker of a replay: the engine knows both names.
func (c config) withCORS(engine *idempotency.Engine, next http.Handler) http.Handler {
	if len(c.corsOrigins) == 0 {
		return next
	}
	allowed := append(connectcors.AllowedHeaders(), engine.CORSAllowedHeaders()...)
	if c.tenantHeader != "" {
		allowed = append(allowed, c.tenantHeader)
	}
	return cors.New(cors.Options{
		AllowedOrigins: c.corsOrigins,
		AllowedMethods: append(connectcors.AllowedMethods(), http.MethodPatch), // of REST
		AllowedHeaders: allowed,
		ExposedHeaders: append(connectcors.ExposedHeaders(), engine.CORSExposedHeaders()...),
	}).Handler(next)
}
