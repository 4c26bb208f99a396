// The words of this package's tests:
//
//   - A meter is an observer with the data points that it has measured, as lines of
//     text. measured requires them; on writes the attributes of a line.
//   - traced returns the span of a call, and spanLines writes it as lines.
//   - A measuredEngine has a meter and a store that is slow and can be made to fail.
//     bubble runs a subtest with a clock of its own (engine_ext_test.go).
//   - observations list every kind of event and what is measured of it
//     (observer_ext_test.go).
package otelidem_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/otelidem"
)

const operation = "/bank.v1.Bank/Pay"

// errDown contains an address, like the errors of stores.
var errDown = errors.New("dial tcp redis-7.internal:6379: connection refused")

// meter is an observer and a reader of what it has measured.
type meter struct {
	*otelidem.Observer

	reader *sdkmetric.ManualReader
}

func newMeter(tb testing.TB, options ...otelidem.Option) *meter {
	tb.Helper()
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	observer, err := otelidem.NewObserver(append(options, otelidem.WithMeterProvider(provider))...)
	ok(tb, err)
	return &meter{Observer: observer, reader: reader}
}

func (m *meter) collect(tb testing.TB) []metricdata.Metrics {
	tb.Helper()
	var all metricdata.ResourceMetrics
	ok(tb, m.reader.Collect(context.Background(), &all))
	if len(all.ScopeMetrics) == 0 {
		return nil
	}
	return all.ScopeMetrics[0].Metrics
}

// lines writes each data point on a line, without the prefix "idempotency.":
// calls{operation=/bank.v1.Bank/Pay,outcome=claimed} 1. A histogram has the number of
// its values and their sum.
func (m *meter) lines(tb testing.TB) (lines []string) {
	tb.Helper()
	for _, metric := range m.collect(tb) {
		switch data := metric.Data.(type) {
		case metricdata.Sum[int64]:
			for _, point := range data.DataPoints {
				lines = append(lines, line(metric.Name, point.Attributes, point.Value))
			}
		case metricdata.Histogram[float64]:
			for _, point := range data.DataPoints {
				lines = append(lines, line(metric.Name, point.Attributes, point.Count, point.Sum))
			}
		default:
			tb.Errorf("%s is a %T", metric.Name, data)
		}
	}
	slices.Sort(lines)
	return lines
}

func line(name string, attributes attribute.Set, values ...any) string {
	text := fmt.Sprintf("%s{%s}", name, attributes.Encoded(attribute.DefaultEncoder()))
	for _, value := range values {
		text += fmt.Sprint(" ", value)
	}
	return strings.ReplaceAll(text, "idempotency.", "")
}

// measured requires exactly these data points. The series that
// start at zero are left out.
func (m *meter) measured(tb testing.TB, want ...string) {
	tb.Helper()
	slices.Sort(want)
	if got := slices.DeleteFunc(m.lines(tb), isZero); !slices.Equal(got, want) {
		tb.Errorf("measured:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func isZero(line string) bool {
	return strings.HasPrefix(line, "claims.ended{") && strings.HasSuffix(line, " 0")
}

// traced runs f in a span, which it returns when it has ended.
func traced(tb testing.TB, f func(context.Context)) tracetest.SpanStub {
	tb.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	ctx, span := provider.Tracer("test").Start(tb.Context(), "call")
	f(ctx)
	span.End()
	return exporter.GetSpans()[0]
}

// spanLines writes each attribute and event of a span on a line.
func spanLines(span tracetest.SpanStub) []string {
	lines := pairs(span.Attributes)
	slices.Sort(lines)
	for _, event := range span.Events {
		lines = append(lines, strings.TrimSpace("event "+event.Name+" "+strings.Join(pairs(event.Attributes), " ")))
	}
	return lines
}

func pairs(attributes []attribute.KeyValue) (pairs []string) {
	for _, a := range attributes {
		pairs = append(pairs, string(a.Key)+"="+a.Value.String())
	}
	return pairs
}

// recording returns a handler whose answer is recorded.
func recording(text string) func(context.Context) idempotency.Answer {
	return func(context.Context) idempotency.Answer {
		return idempotency.Answer{Verdict: idempotency.Record, Outcome: []byte(text)}
	}
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("unexpected error: %v", err)
	}
}

func equal[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// indexOf returns the index of the first line that begins with a text, or -1.
func indexOf(lines []string, start string) int {
	return slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, start) })
}
