package otelidem

import (
	"context"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
)

// The semantic conventions define error.type, and _OTHER for values without a name.
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

	// Only of spans.
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

// errorType returns the class of an error of a store. The texts of errors contain
// addresses, so each text would add a series.
func errorType(err error) string {
	for _, class := range errorTypes {
		if errors.Is(err, class.is) {
			return class.name
		}
	}
	// context.DeadlineExceeded is a timeout too.
	if timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && timeout.Timeout() {
		return "timeout"
	}
	return other
}

// reason returns the reason of a refusal in the case of error.type.
func reason(event *idempotency.Event) string { return strings.ToLower(string(event.Reason)) }
