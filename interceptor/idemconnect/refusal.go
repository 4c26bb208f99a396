package idemconnect

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
	"github.com/oncewire/idempotency/internal/refusal"
)

// refused returns the Connect error of an error of the engine: of a refusal, or of
// the context if the caller gave up first.
func refused(err error, operation string) error {
	if ours, ok := errors.AsType[*idempotency.Error](err); ok {
		refused := errorOf(refusal.Encode(ours, operation))
		if ours.Mark != "" {
			// Over the Connect protocol the metadata becomes a response header, by
			// which an outer httpmw recognises that the handler did not run.
			refused.Meta().Set(mark.Field, ours.Mark)
		}
		return refused
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return connect.NewError(connect.CodeDeadlineExceeded, err)
	}
	return connect.NewError(connect.CodeCanceled, err)
}
