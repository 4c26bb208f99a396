package httpmw

import (
	"net/http"
	"net/url"

	"github.com/oncewire/idempotency"
)

// statusClientClosed is what nginx logs for a client that hung up before it
// was answered. There is no such status in RFC 9110.
const statusClientClosed = 499

// Classifier decides what becomes of an answer by its final status, which is
// 101 for a handler that took the connection over, and its header, which must
// not be changed. It is called by many at once. An answer that cannot be kept
// and is to be recorded is recorded as not kept.
type Classifier func(status int, header http.Header) idempotency.Verdict

// DefaultClassifier releases only what cannot follow an effect: 401, 405, 408,
// 425, 429 and 501. It abandons the claim after 499, 502, 503 and 504, because a
// proxy or a client of another service also answers so when a connection broke
// after the effect, and records every other answer, a 500 too.
func DefaultClassifier(status int, _ http.Header) idempotency.Verdict {
	switch status {
	case http.StatusUnauthorized, http.StatusMethodNotAllowed, http.StatusRequestTimeout, http.StatusTooEarly,
		http.StatusTooManyRequests, http.StatusNotImplemented:
		return idempotency.Release
	case statusClientClosed, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return idempotency.Abandon
	default:
		return idempotency.Record
	}
}

// noEffect reports whether it is certain that nothing ran.
func (c *call) noEffect() bool {
	return c.refused() || c.recorder.status == http.StatusNotFound && c.unrouted()
}

// verdict decides about any other answer: the operation's policy goes before the
// classifier.
func (c *call) verdict() idempotency.Verdict {
	r := &c.recorder
	if verdict, ok := c.policy.Verdicts[r.status]; ok {
		return verdict
	}
	return c.classify(r.status, r.Header())
}

// refused reports whether the answer is the refusal of this very call by a guard
// inside of this one, in this process or behind a proxy: the handler did not run.
// The mark names the operation there, which for an RPC is the path.
func (c *call) refused() bool {
	if c.recorder.status < http.StatusBadRequest {
		return false
	}
	for _, mark := range c.w.Header()[idempotency.RefusedField] {
		if idempotency.HasRefusalMark(mark, c.operation, c.key) || idempotency.HasRefusalMark(mark, c.escapedPath(), c.key) {
			return true
		}
	}
	return false
}

// unrouted reports whether the handler is a mux that has no route for the
// request. Only [http.ServeMux] itself can be asked: another type that has its
// methods may serve such requests in a way of its own.
func (c *call) unrouted() bool {
	mux, ok := c.next.(*http.ServeMux)
	if !ok {
		return false
	}
	received := *c.r.URL
	received.Path, received.RawPath = c.path, c.rawPath
	_, pattern := mux.Handler(&http.Request{Method: c.r.Method, Host: c.r.Host, URL: &received})
	return pattern == ""
}

// escapedPath is that of the request as it came in. A handler may change the
// URL in its request.
func (c *call) escapedPath() string {
	received := url.URL{Path: c.path, RawPath: c.rawPath}
	return received.EscapedPath()
}
