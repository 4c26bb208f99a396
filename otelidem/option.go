package otelidem

import (
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// DefaultMaxOperations is the default of [WithMaxOperations]. Each operation has
// several outcomes, and the OpenTelemetry SDK limits a metric to 2000 series by
// default.
const DefaultMaxOperations = 256

// Option configures an observer.
type Option func(*config)

type config struct {
	provider      metric.MeterProvider
	attributes    []attribute.KeyValue
	operationName func(string) string
	maxOperations int
}

func defaults() config {
	return config{
		provider:      otel.GetMeterProvider(),
		operationName: operationName,
		maxOperations: DefaultMaxOperations,
	}
}

// WithMeterProvider sets the provider of the instruments. The default is the global
// provider of OpenTelemetry, also if that is set later.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(c *config) { c.provider = provider }
}

// WithAttributes adds attributes to every measurement, for example to distinguish
// two engines. Spans do not get them. It may be given several times. The default is
// none.
func WithAttributes(attributes ...attribute.KeyValue) Option {
	return func(c *config) { c.attributes = append(c.attributes, attributes...) }
}

// WithOperationName sets the function that returns the value of the attribute
// idempotency.operation for an operation; "" means "_OTHER". The function runs at
// every event, so it must be fast, and safe for concurrent use.
//
// The default returns the name of an RPC unchanged, since the server defines it. Of
// an HTTP operation it returns only the method: clients choose the path, which
// contains ids, so every request could add a series to every metric. A program that
// knows its routes can name them:
//
//	otelidem.WithOperationName(func(operation string) string {
//		if strings.HasPrefix(operation, "POST /orders/") {
//			return "POST /orders/{id}"
//		}
//		return "_OTHER"
//	})
//
// The default cuts any other name, such as that of a job, at its first space too.
func WithOperationName(name func(operation string) string) Option {
	return func(c *config) { c.operationName = name }
}

// WithMaxOperations limits the number of values of idempotency.operation, and so
// memory and series. Operations beyond the limit are counted together as "_OTHER".
// The default is 256; the limit must be positive.
func WithMaxOperations(limit int) Option {
	return func(c *config) { c.maxOperations = limit }
}

// operationName is the default of WithOperationName.
func operationName(operation string) string {
	method, _, _ := strings.Cut(operation, " ")
	return method
}

func (c *config) validate() error {
	var problems []error
	if c.provider == nil {
		problems = append(problems, errors.New("otelidem: the meter provider is nil"))
	}
	if c.operationName == nil {
		problems = append(problems, errors.New("otelidem: the function that names operations is nil"))
	}
	if c.maxOperations <= 0 {
		problems = append(problems, fmt.Errorf("otelidem: a maximum of %d operations is not positive", c.maxOperations))
	}
	for _, a := range c.attributes {
		if !a.Valid() || reserved(string(a.Key)) {
			problems = append(problems, fmt.Errorf("otelidem: attribute %q is invalid or reserved", a.Key))
		}
	}
	return errors.Join(problems...)
}

// reserved reports whether the observer sets the attribute itself.
func reserved(key string) bool {
	return key == string(errorTypeKey) || strings.HasPrefix(key, "idempotency.")
}
