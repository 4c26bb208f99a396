package idemconnect

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// call is one guarded call and what its handler answered.
type call struct {
	guard

	method    *rpc.Method
	operation string
	request   connect.AnyRequest
	next      connect.UnaryFunc

	response connect.AnyResponse
	failure  error
}

// run runs the handler and makes a record of its answer.
func (c *call) run(ctx context.Context) idempotency.Answer {
	said := listen(ctx)
	c.response, c.failure = c.next(ctx, c.request)
	headers, trailers := said.fields()
	if c.failure == nil {
		headers = gather(headers, c.response.Header())
		trailers = gather(trailers, c.response.Trailer())
		return c.Success(c.operation, c.response.Any(), headers, trailers)
	}
	trailers = gather(trailers, metaOf(c.failure))
	return c.Failure(c.operation, statusOf(c.failure), headers, trailers)
}

// metaOf returns the metadata of an error. That of an error which came from
// another server stays here, as connect-go does not send it either.
func metaOf(err error) http.Header {
	ours, ok := errors.AsType[*connect.Error](err)
	if !ok || ours == nil || connect.IsWireError(ours) {
		return nil
	}
	return ours.Meta()
}

// replay says again what the recorded handler said.
func (c *call) replay(ctx context.Context, raw []byte) (connect.AnyResponse, error) {
	replay, err := c.Replay(ctx, c.operation, c.method, raw)
	if err != nil {
		return nil, refusal(err, c.operation)
	}
	if replay.Status != nil {
		return nil, c.replayError(ctx, &replay)
	}
	response := &response{message: replay.Message}
	scatter(&replay.Headers, response.Header())
	scatter(&replay.Trailers, response.Trailer())
	response.Header()[c.replayed] = c.Mark
	return response, nil
}

// replayError puts what was in the headers there again, where the context can
// reach them, and all the rest into the error.
func (c *call) replayError(ctx context.Context, replay *rpc.Replay) error {
	err := errorOf(replay.Status)
	headers := err.Meta()
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok && replay.Headers.Len() > 0 {
		headers = info.ResponseHeader()
	}
	scatter(&replay.Headers, headers)
	scatter(&replay.Trailers, err.Meta())
	err.Meta()[c.replayed] = c.Mark
	return err
}

// response carries a recorded message. connect-go seals its responses, so it
// borrows the seal of one and shows another message.
type response struct {
	connect.Response[emptypb.Empty]

	message any
}

// Any implements connect.AnyResponse.
func (r *response) Any() any { return r.message }
