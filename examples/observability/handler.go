package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/otelidem"
)

// newHandler serves guarded orders, and metrics.
func newHandler(store backend.Store, options ...idempotency.Option) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	observer, err := newObserver(registry)
	if err != nil {
		return nil, err
	}
	engine, err := idempotency.New(store, append(options, idempotency.WithObserver(observer))...)
	if err != nil {
		return nil, err
	}
	guard, err := httpmw.New(engine)
	if err != nil {
		return nil, err
	}
	orders := http.NewServeMux()
	orders.HandleFunc("POST /orders", slowly(http.StatusCreated))
	orders.HandleFunc("POST /orders/{id}/cancel", slowly(http.StatusOK))
	mux := http.NewServeMux()
	mux.Handle("/", guard.Wrap(orders))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux, nil
}

// newObserver returns an observer whose metrics are in the registry.
func newObserver(registry *prometheus.Registry) (*otelidem.Observer, error) {
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo())
	if err != nil {
		return nil, err
	}
	return otelidem.NewObserver(
		otelidem.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))),
		otelidem.WithOperationName(route))
}

// route returns the route of an operation, so that ids in paths do not become label
// values. All other operations are counted together.
func route(operation string) string {
	switch {
	case operation == "POST /orders":
		return operation
	case strings.HasPrefix(operation, "POST /orders/") && strings.HasSuffix(operation, "/cancel"):
		return "POST /orders/{id}/cancel"
	default:
		return ""
	}
}

// slowly returns a handler that takes some time.
func slowly(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(time.Duration(rand.ExpFloat64() * float64(50*time.Millisecond)))
		w.WriteHeader(status)
		fmt.Fprintf(w, "done at %s\n", time.Now().Format(time.RFC3339Nano))
	}
}
