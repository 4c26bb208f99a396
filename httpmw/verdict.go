package httpmw

import (
	"net/http"

	"github.com/oncewire/idempotency"
)

// Classifier decides the verdict on an answer by its status and its header. The
// status is 101 for a handler that took the connection over. The header must not
// be changed. A classifier must be safe for concurrent use. An answer that is to
// be recorded and cannot be stored is recorded without its outcome: later calls
// get [idempotency.ErrOutcomeNotKept].
type Classifier func(status int, header http.Header) idempotency.Verdict

// DefaultClassifier releases only what cannot follow an effect: 401, 405, 408,
// 425, 429 and 501. It abandons the claim after 499, 502, 503 and 504: a proxy, or
// a client of another service, also returns these when the connection broke after
// the effect. It records every other answer, also a 500.
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

// verdict returns the verdict on an answer. The operation's policy overrides the
// classifier.
func (classify Classifier) verdict(policy *idempotency.Policy, status int, header http.Header) idempotency.Verdict {
	if verdict, ok := policy.Verdicts[status]; ok {
		return verdict
	}
	return classify(status, header)
}
