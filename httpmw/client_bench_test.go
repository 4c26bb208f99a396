package httpmw_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

var bareAnswer = &http.Response{StatusCode: http.StatusCreated, Body: http.NoBody, Header: http.Header{}}

// bareTrip is a transport that costs nothing.
type bareTrip struct{}

func (bareTrip) RoundTrip(*http.Request) (*http.Response, error) { return bareAnswer, nil }

// BenchmarkClient shows what the transport adds to a request that is answered at
// once.
func BenchmarkClient(b *testing.B) {
	cases := []struct{ name, method, key string }{
		{"no key", http.MethodPut, ""},
		{"no side effects", http.MethodGet, ""},
		{"own key", http.MethodPost, key},
		{"new key", http.MethodPost, ""},
	}
	for _, c := range cases {
		request := newCall(b, c.method, c.key)
		request.Header.Set("Content-Type", "application/json")
		b.Run(c.name+"/bare", func(b *testing.B) { sendAll(b, bareTrip{}, request) })
		b.Run(c.name+"/transport", func(b *testing.B) { sendAll(b, newTransport(b, bareTrip{}), request) })
	}
}

func sendAll(b *testing.B, transport http.RoundTripper, request *http.Request) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = transport.RoundTrip(request)
	}
}

// BenchmarkHedging reports the 99th percentile of payments against two servers, one
// of which takes 200 ms instead of 5 ms. Each payment meets one and the other in turn.
func BenchmarkHedging(b *testing.B) {
	for name, options := range map[string][]httpmw.ClientOption{
		"off":         nil,
		"after 20 ms": {httpmw.WithHedging(20 * time.Millisecond)},
	} {
		b.Run(name, func(b *testing.B) {
			l, store := newLedger(), memstore.New()
			var hosts [2]string
			for i, delay := range []time.Duration{5 * time.Millisecond, 200 * time.Millisecond} {
				guarded := newGuard(b, engineOn(b, store, waiting)).Wrap(l)
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(delay)
					guarded.ServeHTTP(w, r)
				}))
				defer server.Close()
				hosts[i] = server.Listener.Addr().String()
			}
			var turn atomic.Int64
			balancer := roundTripFunc(func(r *http.Request) (*http.Response, error) {
				r = r.Clone(r.Context())
				r.URL.Host = hosts[turn.Add(1)%2]
				return http.DefaultTransport.RoundTrip(r)
			})
			client := &http.Client{Transport: newTransport(b, balancer, options...)}
			took := payAll(b, client, "http://payments.test/", b.N, 1)
			b.ReportMetric(float64(percentile99(took).Microseconds())/1000, "p99-ms")
			if len(l.entries) != b.N {
				b.Errorf("%d entries, want %d", len(l.entries), b.N)
			}
		})
	}
}
