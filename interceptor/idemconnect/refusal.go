package idemconnect

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/refusal"
)

// refused turns an error of the engine into a Connect error: a refusal, or the
// error of the context when the caller gave up first.
func refused(err error, operation string) error {
	if ours, ok := errors.AsType[*idempotency.Error](err); ok {
		refused := errorOf(refusal.Encode(ours, operation))
		if ours.Mark != "" {
			// Over the Connect protocol it becomes a response header, by which
			// an httpmw around this server knows that nothing ran.
			refused.Meta().Set(idempotency.RefusedField, ours.Mark)
		}
		return refused
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return connect.NewError(connect.CodeDeadlineExceeded, err)
	}
	return connect.NewError(connect.CodeCanceled, err)
}
