package idempotencytest

import (
	"errors"
	"strings"

	"github.com/oncewire/idempotency"
)

// retried are the refusals after which a client sends the same call again.
var retried = []*idempotency.Error{idempotency.ErrInProgress, idempotency.ErrStore}

// asksForRetry reports whether the error is a refusal after which a client sends
// the same call again. An error of an RPC has the refusal's text: it is the message
// of the status, and this package compiles no RPC framework that could decode it.
func asksForRetry(err error) bool {
	if refusal, ok := errors.AsType[*idempotency.Error](err); ok {
		return refusal.Next() == idempotency.NextRetrySameKey
	}
	for _, refusal := range retried {
		if strings.Contains(err.Error(), refusal.Detail()) {
			return true
		}
	}
	return false
}
