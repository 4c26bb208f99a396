package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

// scrape has the series that Prometheus reads, by metric. A series is a set of labels.
type scrape map[string][]map[string]string

// scrapeAll makes calls that change every metric, and scrapes.
func scrapeAll(t *testing.T) (seen scrape) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New()
		defer memory.Close()
		store := backendtest.NewFaultyWaiter(memory, nil)
		handler, err := newHandler(store, idempotency.WithFailOpen(),
			idempotency.WithPolicy("*", idempotency.Policy{Wait: 20 * time.Millisecond}),
			idempotency.WithLimits(idempotency.Limits{Retries: -1}))
		if err != nil {
			t.Fatal(err)
		}
		makeCalls(t, handler, store)
		seen = read(t, handler)
	})
	return seen
}

// makeCalls makes calls with every outcome, and every failure of the store.
func makeCalls(t *testing.T, handler http.Handler, store *backendtest.FaultyWaiter) {
	t.Helper()
	fails := func(op backendtest.Op, fault backendtest.Fault) {
		store.Set(func(called backendtest.Op) backendtest.Fault {
			if called == op {
				return fault
			}
			return backendtest.Fault{}
		})
	}
	calls := func(key, body, outcome string, status int) {
		t.Helper()
		if got := post(t.Context(), handler, "/orders/1/cancel", key, body); got != status {
			t.Errorf("%s: got status %d, want %d", outcome, got, status)
		}
	}
	calls("first", "a book", "claimed", http.StatusOK)
	calls("first", "a book", "replayed", http.StatusOK)
	calls("first", "a car", "reused", http.StatusUnprocessableEntity)

	fails(backendtest.OpComplete, backendtest.Fault{Delay: time.Second})
	go calls("slow", "a book", "claimed", http.StatusOK)
	time.Sleep(time.Millisecond)
	calls("slow", "a book", "in progress", http.StatusConflict)
	time.Sleep(time.Minute)

	fails(backendtest.OpComplete, backendtest.Fault{Err: backend.ErrClaimLost})
	calls("lost", "a book", "lease lost", http.StatusOK)
	fails(backendtest.OpComplete, backendtest.Fault{Err: errors.New("store down")})
	calls("dropped", "a book", "recording dropped", http.StatusOK)
	fails("", backendtest.Fault{})
	time.Sleep(time.Minute) // until the claim has expired
	calls("dropped", "a book", "taken over", http.StatusOK)
	fails(backendtest.OpClaim, backendtest.Fault{Err: errors.New("store down")})
	calls("open", "a book", "failed open", http.StatusOK)
}

func post(ctx context.Context, handler http.Handler, path, key, body string) (status int) {
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("Idempotency-Key", key)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Code
}

func read(t *testing.T, handler http.Handler) scrape {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(recorder.Body)
	if err != nil {
		t.Fatal(err)
	}
	seen := scrape{}
	for name, family := range families {
		for _, metric := range family.GetMetric() {
			seen.add(name, family.GetType(), labels(metric))
		}
	}
	return seen
}

func labels(metric *dto.Metric) map[string]string {
	labels := map[string]string{}
	for _, pair := range metric.GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return labels
}

// add adds a series. A histogram has three metrics.
func (s scrape) add(name string, kind dto.MetricType, labels map[string]string) {
	if kind != dto.MetricType_HISTOGRAM {
		s[name] = append(s[name], labels)
		return
	}
	s[name+"_sum"] = append(s[name+"_sum"], labels)
	s[name+"_count"] = append(s[name+"_count"], labels)
	bucket := maps.Clone(labels)
	bucket["le"] = "+Inf"
	s[name+"_bucket"] = append(s[name+"_bucket"], bucket)
}

func TestRoutesAreNotPaths(t *testing.T) {
	for _, series := range scrapeAll(t)["idempotency_calls_total"] {
		if got := series["idempotency_operation"]; got != "POST /orders/{id}/cancel" {
			t.Errorf("got operation %q", got)
		}
	}
	for operation, want := range map[string]string{
		"POST /orders":          "POST /orders",
		"POST /orders/1/cancel": "POST /orders/{id}/cancel",
		"POST /wp-login.php":    "",
	} {
		if got := route(operation); got != want {
			t.Errorf("%s: got %q, want %q", operation, got, want)
		}
	}
}
