package idemgrpc

import (
	"errors"

	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/refusal"
)

// refused returns the status of an error of the engine: of a refusal, or of the
// context if the caller gave up first.
func refused(err error, operation string) error {
	if ours, ok := errors.AsType[*idempotency.Error](err); ok {
		return status.FromProto(refusal.Encode(ours, operation)).Err()
	}
	return status.FromContextError(err).Err()
}
