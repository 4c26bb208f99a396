package otelidem

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/oncewire/idempotency"
)

// Bucket bounds in seconds. Those of handlers are the bounds of the HTTP conventions,
// and two for handlers that run longer than a lease. Those of the store reach from
// microseconds, for a store in memory, to the default timeout of 5 s.
var (
	handlerBounds = []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 30, 60}
	storeBounds   = []float64{.00001, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
	waitBounds    = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
)

type instruments struct {
	calls       metric.Int64Counter
	running     metric.Int64UpDownCounter
	ended       metric.Int64Counter
	handlerTime metric.Float64Histogram
	storeTime   metric.Float64Histogram
	storeErrors metric.Int64Counter
	waitTime    metric.Float64Histogram
}

func newInstruments(meter metric.Meter) (i instruments, err error) {
	var problems [7]error
	i.calls, problems[0] = meter.Int64Counter("idempotency.calls",
		metric.WithUnit("{call}"), metric.WithDescription("Calls with an idempotency key, by outcome."))
	i.running, problems[1] = meter.Int64UpDownCounter("idempotency.claims.running",
		metric.WithUnit("{claim}"), metric.WithDescription("Handlers that run under a claim."))
	i.ended, problems[2] = meter.Int64Counter("idempotency.claims.ended",
		metric.WithUnit("{claim}"), metric.WithDescription("Claims, by their end."))
	i.handlerTime, problems[3] = seconds(meter, "idempotency.handler.duration",
		"How long handlers ran under a claim.", handlerBounds)
	i.storeTime, problems[4] = seconds(meter, "idempotency.store.duration",
		"How long steps of the store took: claims and finishes.", storeBounds)
	i.storeErrors, problems[5] = meter.Int64Counter("idempotency.store.errors",
		metric.WithUnit("{error}"), metric.WithDescription("Steps of the store that failed."))
	i.waitTime, problems[6] = seconds(meter, "idempotency.wait.duration",
		"How long calls waited for another one with their key.", waitBounds)
	return i, errors.Join(problems[:]...)
}

// startAtZero adds zero to the counters of rare events that need an alert: Prometheus
// sees no increase in a series whose first value is 1.
func (i instruments) startAtZero(operation *operation) {
	for _, rare := range []idempotency.EventKind{idempotency.EventLeaseLost, idempotency.EventFinishDropped} {
		i.ended.Add(context.Background(), 0, operation.kinds[rare].add...)
	}
}

func seconds(meter metric.Meter, name, description string, bounds []float64) (metric.Float64Histogram, error) {
	return meter.Float64Histogram(name, metric.WithUnit("s"),
		metric.WithDescription(description), metric.WithExplicitBucketBoundaries(bounds...))
}
