package main

import (
	"net/http"
	"time"

	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// mount adds the routes of a handler to a mux.
type mount func(*http.ServeMux)

// routes are the handlers of the HTTP port. Each handler has its own guard, so the
// mux needs no middleware.
type routes struct {
	connect mount
	rest    http.Handler
	health  grpchealth.Checker
	page    http.Handler
}

func (r routes) mux() *http.ServeMux {
	mux := http.NewServeMux()
	r.connect(mux)
	mux.Handle("/v1/", r.rest)
	mux.Handle("GET /{$}", r.page)
	mux.Handle("GET /page/", r.page)
	mux.Handle(grpchealth.NewHandler(r.health))
	reflector := grpcreflect.NewStaticReflector(paymentsv1.PaymentService_ServiceDesc.ServiceName, grpchealth.HealthV1ServiceName)
	mux.Handle(grpcreflect.NewHandlerV1(reflector))
	mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector))
	return mux
}

// newHTTP serves HTTP/1.1, and HTTP/2 without TLS, which gRPC needs.
func newHTTP(handler http.Handler) *http.Server {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		Protocols:         new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	return server
}
