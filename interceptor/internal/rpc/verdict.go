package rpc

import (
	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/oncewire/idempotency"
)

// Verdict is the default verdict on a status code.
func Verdict(status code.Code) idempotency.Verdict {
	switch status {
	case code.Code_CANCELLED, code.Code_DEADLINE_EXCEEDED:
		return idempotency.Abandon
	case code.Code_UNAVAILABLE, code.Code_RESOURCE_EXHAUSTED, code.Code_ABORTED, code.Code_UNAUTHENTICATED:
		return idempotency.Release
	default:
		return idempotency.Record
	}
}
