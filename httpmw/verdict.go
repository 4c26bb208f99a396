package httpmw

import (
	"context"
	"net/http"

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

// DefaultClassifier releases the key where the status says that nothing was
// done (401, 408, 425, 429, 502, 503, 504), abandons the claim where nobody
// can know (499), and records every other answer, a 500 too: its effect may
// have happened.
func DefaultClassifier(status int, _ http.Header) idempotency.Verdict {
	switch status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return idempotency.Release
	case statusClientClosed:
		return idempotency.Abandon
	default:
		return idempotency.Record
	}
}

// verdict decides about the answer once the handler has returned.
func (r *recorder) verdict(ctx context.Context, classify Classifier) idempotency.Verdict {
	if r.status == 0 && ctx.Err() != nil {
		return idempotency.Abandon
	}
	r.commit(http.StatusOK)
	if r.refused {
		return idempotency.Release
	}
	verdict := classify(r.status, r.Header())
	if verdict == idempotency.Release && ctx.Err() != nil {
		return idempotency.Abandon
	}
	return verdict
}
