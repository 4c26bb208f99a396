package stripe_test

import (
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
)

// lossy is a proxy that loses a share of the replies: the server has done its
// work, and the client finds its connection closed.
type lossy struct {
	target *url.URL
	share  float64

	mu     sync.Mutex
	random *rand.Rand
	calls  map[string]int // by key
	losses map[string]int
	lost   int
}

// mostLosses bounds the losses of one key, so that a client that asks again often
// enough always gets its answer.
const mostLosses = 5

func startLossy(t *testing.T, target *url.URL, share float64) (*lossy, string) {
	t.Helper()
	proxy := &lossy{
		target: target, share: share, random: rand.New(rand.NewPCG(1, 2)),
		calls: map[string]int{}, losses: map[string]int{},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return proxy, server.URL
}

// ServeHTTP implements http.Handler.
func (l *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := r.Clone(r.Context())
	request.URL.Scheme, request.URL.Host, request.RequestURI = l.target.Scheme, l.target.Host, ""
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || l.loses(r.Header.Get("Idempotency-Key")) {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), response.Header)
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(body)
}

func (l *lossy) loses(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[key]++
	if key == "" || l.losses[key] == mostLosses || l.random.Float64() >= l.share {
		return false
	}
	l.losses[key]++
	l.lost++
	return true
}

// callsWith is how often the server was asked with the key.
func (l *lossy) callsWith(key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[key]
}
