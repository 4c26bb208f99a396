package idemconnect2

import (
	"context"
	"errors"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
	"github.com/oncewire/idempotency/internal/refusal"
)

// refused returns the Connect error of an error of the engine: of a refusal, or of
// the context if the caller gave up first.
func refused(err error, operation string, info *connect.CallInfo) error {
	if ours, ok := errors.AsType[*idempotency.Error](err); ok {
		if ours.Mark != "" {
			// Over the Connect protocol this is a response header, by which an outer
			// httpmw recognises that the handler did not run.
			errorFields(info).Set(mark.Field, ours.Mark)
		}
		return errorOf(refusal.Encode(ours, operation), info)
	}
	code := connect.CodeCanceled
	if errors.Is(err, context.DeadlineExceeded) {
		code = connect.CodeDeadlineExceeded
	}
	return connect.NewError(code, err.Error()).WithCause(err)
}
