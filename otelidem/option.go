package otelidem

import (
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// DefaultMaxOperations is how many operations are told apart, unless
// WithMaxOperations says otherwise. Each comes with a few outcomes, and the
// OpenTelemetry SDK by default keeps 2000 series of a metric.
const DefaultMaxOperations = 256

// Option changes what an observer measures.
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

// WithMeterProvider sets where the measurements go. The default is the global
// provider of OpenTelemetry, even if that is set later.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(c *config) { c.provider = provider }
}

// WithAttributes adds attributes to every measurement, for instance to tell two
// engines apart; spans do not get them. It may be given several times. The
// default is none.
func WithAttributes(attributes ...attribute.KeyValue) Option {
	return func(c *config) { c.attributes = append(c.attributes, attributes...) }
}

// WithOperationName turns an operation into the value of the attribute
// idempotency.operation. It is called for every event, by many at once, so it
// must be quick and safe for concurrent use; "" stands for "_OTHER".
//
// The default leaves an RPC as it is, because only a server defines those, and
// cuts an HTTP operation down to its method: a path is the client's choice and
// has ids in it, so that each request could add a series to every metric. Who
// knows the routes can name them:
//
//	otelidem.WithOperationName(func(operation string) string {
//		if strings.HasPrefix(operation, "POST /orders/") {
//			return "POST /orders/{id}"
//		}
//		return "_OTHER"
//	})
//
// Any other name, of a job for instance, is cut at its first space too.
func WithOperationName(name func(operation string) string) Option {
	return func(c *config) { c.operationName = name }
}

// WithMaxOperations bounds the values of idempotency.operation, and with them
// the memory and the series that calls can cost. Operations beyond the first
// so many are counted together, as "_OTHER". The default is 256.
func WithMaxOperations(most int) Option {
	return func(c *config) { c.maxOperations = most }
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
			problems = append(problems, fmt.Errorf("otelidem: attribute %q is invalid or taken", a.Key))
		}
	}
	return errors.Join(problems...)
}

// reserved tells the attributes that the observer sets by itself.
func reserved(key string) bool {
	return key == string(errorTypeKey) || strings.HasPrefix(key, "idempotency.")
}
