package idemgrpc

import (
	"errors"

	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// refusal turns an error of the engine into a status: one of ours, or that of
// the context when the caller gave up first.
func refusal(err error, operation string) error {
	if ours, ok := errors.AsType[*idempotency.Error](err); ok {
		return status.FromProto(rpc.Refusal(ours, operation)).Err()
	}
	return status.FromContextError(err).Err()
}
