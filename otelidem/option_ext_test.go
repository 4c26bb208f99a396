package otelidem_test

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/oncewire/idempotency/otelidem"
)

func TestInvalidOptions(t *testing.T) {
	for want, option := range map[string]otelidem.Option{
		"meter provider is nil":        otelidem.WithMeterProvider(nil),
		"names operations is nil":      otelidem.WithOperationName(nil),
		"0 operations is not positive": otelidem.WithMaxOperations(0),
		`"idempotency.outcome" is`:     otelidem.WithAttributes(attribute.String("idempotency.outcome", "x")),
		`"error.type" is`:              otelidem.WithAttributes(attribute.String("error.type", "x")),
		"option 1 is nil":              nil,
		`attribute "" is invalid`:      otelidem.WithAttributes(attribute.String("", "x")),
	} {
		observer, err := otelidem.NewObserver(option)
		if err == nil || observer != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, want an error with %q", observer, err, want)
		}
	}
}

func TestEveryInvalidOptionIsNamed(t *testing.T) {
	_, err := otelidem.NewObserver(otelidem.WithMeterProvider(nil), otelidem.WithMaxOperations(-1))
	if err == nil || strings.Count(err.Error(), "otelidem: ") != 2 {
		t.Errorf("got %v, want two problems", err)
	}
}

// TestWithoutAProvider : a program needs no OpenTelemetry SDK.
func TestWithoutAProvider(t *testing.T) {
	observer, err := otelidem.NewObserver()
	ok(t, err)
	for _, s := range observations {
		observer.Observe(t.Context(), s.event)
	}
}
