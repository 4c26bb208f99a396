package httpmw_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

var bareAnswer = &http.Response{StatusCode: http.StatusCreated, Body: http.NoBody, Header: http.Header{}}

// bareTrip is a transport that costs nothing.
type bareTrip struct{}

func (bareTrip) RoundTrip(*http.Request) (*http.Response, error) { return bareAnswer, nil }

// clientCalls are the pairs of a bare call and one through the transport. The bare
// call with a new key sends one too.
var clientCalls = []struct {
	name, method, key string
	bare              func(*http.Request) // prepares each bare call
	more              float64             // allocations that the transport may add
}{
	{"no key", http.MethodPut, "", asIs, 0}, // it is passed on
	{"no side effects", http.MethodGet, "", asIs, 1},
	{"own key", http.MethodPost, key, asIs, 1},
	{"new key", http.MethodPost, "", setNewKey, 2},
}

func asIs(*http.Request) {}

func setNewKey(request *http.Request) {
	request.Header["Idempotency-Key"] = []string{idempotency.NewKey()}
}

// pair returns a bare call, and one through the transport.
func pair(tb testing.TB, method, key string, prepare func(*http.Request)) (bare, through func()) {
	tb.Helper()
	transport, requests := newTransport(tb, bareTrip{}), [2]*http.Request{newCall(tb, method, key), newCall(tb, method, key)}
	for _, request := range requests {
		request.Header.Set("Content-Type", "application/json")
	}
	return func() {
			prepare(requests[0])
			_, _ = bareTrip{}.RoundTrip(requests[0])
		}, func() {
			_, _ = transport.RoundTrip(requests[1])
		}
}

// BenchmarkClient shows what the transport adds to a request that is answered at
// once.
func BenchmarkClient(b *testing.B) {
	for _, each := range clientCalls {
		bare, through := pair(b, each.method, each.key, each.bare)
		for name, call := range map[string]func(){"bare": bare, "transport": through} {
			b.Run(each.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					call()
				}
			})
		}
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
