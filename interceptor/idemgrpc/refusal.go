package idemgrpc

import (
	"errors"
	"sync"

	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/refusal"
)

// refused returns the status of an error of the engine: of a refusal, or of the
// context if the caller gave up first.
func refused(err error, operation string) error {
	if ours, ok := errors.AsType[*idempotency.Error](err); ok {
		return &refusedError{refusal: ours, operation: operation}
	}
	return status.FromContextError(err).Err()
}

// refusedError is the error of a refusal. It makes its status when it is asked for
// it, once, because that takes longer than the rest of the call.
type refusedError struct {
	refusal   *idempotency.Error
	operation string

	once   sync.Once
	status *status.Status
}

// GRPCStatus returns the status, for package status and for grpc-go.
func (e *refusedError) GRPCStatus() *status.Status {
	e.once.Do(func() { e.status = status.FromProto(refusal.Encode(e.refusal, e.operation)) })
	return e.status
}

// Error returns the text that the error of the status has.
func (e *refusedError) Error() string { return e.GRPCStatus().Err().Error() }
