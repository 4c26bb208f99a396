package httpmw

import (
	"net/http"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/clientkey"
	"github.com/oncewire/idempotency/internal/retry"
)

// transport is what all requests of a client share.
type transport struct {
	next     http.RoundTripper
	keyField string // canonical
	methods  []string
	client   *retry.Client
}

// CloseIdleConnections is called by [http.Client.CloseIdleConnections].
func (t *transport) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

func (t *transport) takesKey(method string) bool {
	for _, keyed := range t.methods {
		if keyed == method || strings.EqualFold(keyed, method) {
			return true
		}
	}
	return false
}

func sideEffectFree(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	default:
		return false
	}
}

// newKey returns the key of a request that has none.
func (t *transport) newKey(request *http.Request) string {
	if key, ok := clientkey.From(request.Context()); ok {
		return key
	}
	if redirect := request.Response; redirect != nil && redirect.Request != nil {
		if values := redirect.Request.Header[t.keyField]; len(values) > 0 {
			return values[0]
		}
	}
	return idempotency.NewKey()
}
