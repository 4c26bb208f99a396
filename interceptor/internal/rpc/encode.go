package rpc

import (
	"context"
	"fmt"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
)

// Parts are those of a response that is encoded before its handler returns it.
type Parts struct {
	Message any
	// Returned and Sent are the statuses of a response that is an error; see
	// [Guard.FailureSentAs].
	Returned, Sent *spb.Status
	// Headers and Trailers are those of the response, and those that its handler has
	// set so far.
	Headers, Trailers Fields
}

// Splitter takes a response apart. The context is that of the handler, or that of a
// call whose handler does not run.
type Splitter func(ctx context.Context, response any) Parts

// Encode implements the Encoder of an [idempotency.Call].
func (m *Method) Encode(ctx context.Context, response any) (idempotency.Answer, error) {
	parts := m.guard.split(ctx, response)
	if parts.Returned != nil {
		return m.guard.FailureSentAs(m, "", parts.Returned, parts.Sent, parts.Headers, parts.Trailers), nil
	}
	if _, ok := asMessage(parts.Message); !ok {
		return idempotency.Answer{}, fmt.Errorf("%s answers a protobuf message or an error, not %T", m.Operation.Name(), response)
	}
	return m.guard.Success(m, parts.Message, parts.Headers, parts.Trailers), nil
}
