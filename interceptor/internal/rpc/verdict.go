package rpc

import (
	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/oncewire/idempotency"
)

// DefaultVerdict returns the default verdict on a status code. A code releases the
// claim only if it cannot follow an effect.
func DefaultVerdict(status code.Code) idempotency.Verdict {
	switch status {
	case code.Code_UNAUTHENTICATED, code.Code_UNIMPLEMENTED, code.Code_RESOURCE_EXHAUSTED, code.Code_ABORTED:
		return idempotency.Release
	case code.Code_CANCELLED, code.Code_DEADLINE_EXCEEDED, code.Code_UNAVAILABLE:
		return idempotency.Abandon
	default:
		return idempotency.Record
	}
}

// isServerError reports whether a status code names no cause; see
// [idempotency.Answer].
func isServerError(status code.Code) bool {
	return status == code.Code_INTERNAL || status == code.Code_UNKNOWN
}
