package rpc

import (
	"context"
	"fmt"

	"github.com/oncewire/idempotency"
)

// encoder is the Encoder of the calls of a method.
type encoder struct {
	guard  *Guard
	method *Method
	split  Splitter
}

// Encode implements the Encoder of an [idempotency.Call].
func (e *encoder) Encode(ctx context.Context, response any) (idempotency.Answer, error) {
	parts := e.split(ctx, response)
	if parts.Returned != nil {
		return e.guard.FailureSentAs(e.method, "", parts.Returned, parts.Sent, parts.Headers, parts.Trailers), nil
	}
	if _, ok := asMessage(parts.Message); !ok {
		return idempotency.Answer{}, fmt.Errorf("%s answers a protobuf message or an error, not %T", e.method.Operation.Name(), response)
	}
	return e.guard.Success(e.method, parts.Message, parts.Headers, parts.Trailers), nil
}
