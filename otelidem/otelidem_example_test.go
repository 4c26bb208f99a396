package otelidem_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/otelidem"
)

// A manual reader replaces the exporter here.
func ExampleNewObserver() {
	ctx := context.Background()
	reader := metric.NewManualReader()
	observer, err := otelidem.NewObserver(
		otelidem.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))))
	if err != nil {
		log.Fatal(err)
	}
	store := memstore.New()
	engine, err := idempotency.New(store, idempotency.WithObserver(observer))
	if err != nil {
		log.Fatal(err)
	}
	call := idempotency.Call{Key: "order-1"}
	for range 3 {
		_, _ = engine.Do(ctx, "capture", call, func(context.Context) ([]byte, error) { return []byte("captured"), nil })
	}

	var measured metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &measured); err != nil {
		log.Fatal(err)
	}
	for _, m := range measured.ScopeMetrics[0].Metrics {
		calls, counts := m.Data.(metricdata.Sum[int64])
		if !counts || m.Name != "idempotency.calls" {
			continue
		}
		for _, point := range calls.DataPoints {
			fmt.Println(point.Attributes.Encoded(attribute.DefaultEncoder()), point.Value)
		}
	}
	_ = store.Close()
	// Unordered output:
	// idempotency.operation=capture,idempotency.outcome=claimed 1
	// idempotency.operation=capture,idempotency.outcome=replayed 2
}

// A server that knows its routes can name them.
func ExampleWithOperationName() {
	observer, err := otelidem.NewObserver(otelidem.WithOperationName(func(operation string) string {
		switch {
		case operation == "POST /orders":
			return operation
		case strings.HasPrefix(operation, "POST /orders/") && strings.HasSuffix(operation, "/refund"):
			return "POST /orders/{id}/refund"
		default:
			return "_OTHER"
		}
	}))
	fmt.Println(observer != nil, err)
	// Output: true <nil>
}
