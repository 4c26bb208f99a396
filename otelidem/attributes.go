package otelidem

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"

	"github.com/oncewire/idempotency/backend"
)

// error.type is in the semantic conventions; so is _OTHER, for whatever has no
// name of its own.
const (
	errorTypeKey = attribute.Key("error.type")
	other        = "_OTHER"
)

const (
	operationKey = attribute.Key("idempotency.operation")
	outcomeKey   = attribute.Key("idempotency.outcome")
	endKey       = attribute.Key("idempotency.claim.end")
	retriedKey   = attribute.Key("idempotency.retried")
	stepKey      = attribute.Key("idempotency.store.step")

	// Of spans alone.
	replayedKey  = attribute.Key("idempotency.replayed")
	reasonKey    = attribute.Key("idempotency.reason")
	attemptKey   = attribute.Key("idempotency.attempt")
	keyDigestKey = attribute.Key("idempotency.key_digest")
)

var (
	stepClaim  = stepKey.String("claim")
	stepFinish = stepKey.String("finish")
)

var errorTypes = []struct {
	is   error
	name string
}{
	{context.Canceled, "canceled"},
	{backend.ErrFull, "store_full"},
	{backend.ErrClosed, "store_closed"},
	{backend.ErrCorrupt, "corrupt"},
}

// errorType sorts the errors of stores into a few classes. Their texts hold
// addresses, which would make every one a series of its own.
func errorType(err error) string {
	for _, class := range errorTypes {
		if errors.Is(err, class.is) {
			return class.name
		}
	}
	// The error of a passed deadline is one of these, and so is a network's.
	if late, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && late.Timeout() {
		return "timeout"
	}
	return other
}
