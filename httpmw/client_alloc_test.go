//go:build !race

package httpmw_test

import (
	"net/http"
	"testing"
)

// What the transport may allocate for one request that is answered at once.
const (
	keylessAllocs = 0 // a PUT, which is passed on
	readAllocs    = 1
	ownKeyAllocs  = 1
	mintedAllocs  = 4 // the request and its header (2) are copied, and there is the key
)

func TestClientAllocs(t *testing.T) {
	transport := newTransport(t, bareTrip{})
	tests := map[string]struct {
		method, key string
		most        float64
	}{
		"without a key":        {http.MethodPut, "", keylessAllocs},
		"without side effects": {http.MethodGet, "", readAllocs},
		"its own key":          {http.MethodPost, key, ownKeyAllocs},
		"a new key":            {http.MethodPost, "", mintedAllocs},
	}
	for name, test := range tests {
		request := newCall(t, test.method, test.key)
		request.Header.Set("Content-Type", "application/json")
		got := testing.AllocsPerRun(1000, func() { transport.RoundTrip(request) })
		if got > test.most {
			t.Errorf("%s: %v allocations, want no more than %v", name, got, test.most)
		}
	}
}
