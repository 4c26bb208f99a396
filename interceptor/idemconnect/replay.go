package idemconnect

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// marker marks a replay.
type marker struct {
	field  string   // canonical name of a header field
	values []string // shared by all replays; never changed
}

// replay returns the recorded answer, marked by the marker.
func replay(ctx context.Context, recorded *rpc.Replay, marker marker) (connect.AnyResponse, error) {
	if recorded.Status != nil {
		return nil, replayError(ctx, recorded, marker)
	}
	response := &response{message: recorded.Message}
	toHeader(&recorded.Headers, response.Header())
	if recorded.Trailers.Len() > 0 {
		toHeader(&recorded.Trailers, response.Trailer())
	}
	response.Header()[marker.field] = marker.values
	return response, nil
}

// replayError returns the recorded error with its metadata. Recorded headers are
// set through the context if it has the call's information.
func replayError(ctx context.Context, recorded *rpc.Replay, marker marker) error {
	err := errorOf(recorded.Status)
	headers := err.Meta()
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok && recorded.Headers.Len() > 0 {
		headers = info.ResponseHeader()
	}
	toHeader(&recorded.Headers, headers)
	toHeader(&recorded.Trailers, err.Meta())
	err.Meta()[marker.field] = marker.values
	return err
}

// response has a recorded message. Only connect-go can create a response of a type
// that is not known at compile time, so this one embeds a response of another type
// and returns its own message.
type response struct {
	connect.Response[emptypb.Empty]

	message any
}

// Any implements connect.AnyResponse.
func (r *response) Any() any { return r.message }
