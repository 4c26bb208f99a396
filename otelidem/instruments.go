package otelidem

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"

	"github.com/oncewire/idempotency"
)

// Bucket bounds in seconds. Handlers have those of the HTTP conventions, and
// two for handlers that outlive a lease. A store answers within microseconds
// when it is in memory, and is given up after its timeout of 5 s by default.
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
		metric.WithUnit("{call}"), metric.WithDescription("Calls with an idempotency key, by what became of them."))
	i.running, problems[1] = meter.Int64UpDownCounter("idempotency.claims.running",
		metric.WithUnit("{claim}"), metric.WithDescription("Handlers that are running under a claim."))
	i.ended, problems[2] = meter.Int64Counter("idempotency.claims.ended",
		metric.WithUnit("{claim}"), metric.WithDescription("Claims, by how they ended."))
	i.handlerTime, problems[3] = seconds(meter, "idempotency.handler.duration",
		"How long handlers ran under a claim.", handlerBounds)
	i.storeTime, problems[4] = seconds(meter, "idempotency.store.duration",
		"How long the store took to claim, or to take the end of a claim.", storeBounds)
	i.storeErrors, problems[5] = meter.Int64Counter("idempotency.store.errors",
		metric.WithUnit("{error}"), metric.WithDescription("Steps that the store failed at."))
	i.waitTime, problems[6] = seconds(meter, "idempotency.wait.duration",
		"How long calls waited for another one with their key.", waitBounds)
	return i, errors.Join(problems[:]...)
}

// foresee begins to count, at zero, what is rare and what somebody should be
// told of at its first time: Prometheus sees no increase in a series whose first
// value is 1.
func (i instruments) foresee(of *operation) {
	for _, rare := range []idempotency.EventKind{idempotency.EventLeaseLost, idempotency.EventFinishDropped} {
		i.ended.Add(context.Background(), 0, of.kinds[rare].add...)
	}
}

func seconds(meter metric.Meter, name, description string, bounds []float64) (metric.Float64Histogram, error) {
	return meter.Float64Histogram(name, metric.WithUnit("s"),
		metric.WithDescription(description), metric.WithExplicitBucketBoundaries(bounds...))
}
