package idemconnect

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// replay returns the recorded answer.
func (c *call) replay(ctx context.Context, raw []byte) (connect.AnyResponse, error) {
	replay, err := c.guard.Replay(ctx, c.method, c.key, raw)
	if err != nil {
		return nil, refused(err, c.method.Operation)
	}
	if replay.Status != nil {
		return nil, c.replayError(ctx, &replay)
	}
	response := &response{message: replay.Message}
	toHeader(&replay.Headers, response.Header())
	if replay.Trailers.Len() > 0 {
		toHeader(&replay.Trailers, response.Trailer())
	}
	response.Header()[c.replayed] = c.guard.Marker
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
	toHeader(&replay.Headers, headers)
	toHeader(&replay.Trailers, err.Meta())
	err.Meta()[c.replayed] = c.guard.Marker
	return err
}

// response carries a recorded message. Only connect-go can make a response of
// a type that is not known here, so this one borrows the methods of another and
// returns its own message.
type response struct {
	connect.Response[emptypb.Empty]

	message any
}

// Any implements connect.AnyResponse.
func (r *response) Any() any { return r.message }
