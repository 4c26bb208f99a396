package idemgrpc

import (
	"context"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/outcome"
)

// replay returns the recorded answer.
func (c *call) replay(ctx context.Context, raw []byte) (any, error) {
	replay, err := c.guard.Replay(ctx, c.method, c.key, raw)
	if err != nil {
		return nil, refused(err, c.method.Operation)
	}
	c.replayMetadata(ctx, &replay)
	if replay.Status != nil {
		return nil, errorOf(replay.Status)
	}
	return replay.Message, nil
}

// replayMetadata sets the recorded metadata and the marker, if there is a stream
// to set it on. What cannot go into the headers because an outer interceptor
// has sent them goes into the trailers.
func (c *call) replayMetadata(ctx context.Context, replay *rpc.Replay) {
	stream := grpc.ServerTransportStreamFromContext(ctx)
	if stream == nil {
		return
	}
	failed := replay.Status != nil // its marker goes into the trailers: see the package documentation
	headers := c.metadata(&replay.Headers, !failed)
	trailers := c.metadata(&replay.Trailers, failed)
	if len(headers) > 0 && stream.SetHeader(headers) != nil {
		trailers = metadata.Join(headers, trailers)
	}
	if len(trailers) > 0 {
		_ = stream.SetTrailer(trailers) // fails only when the call has ended
	}
}

func (c *call) metadata(fields *outcome.Fields, marked bool) metadata.MD {
	switch {
	case fields.Len() > 0:
		md := make(metadata.MD, fields.Len()+1)
		fields.CopyTo(md)
		decodeVerbatim(md)
		if marked {
			md[c.guard.ReplayedField] = c.guard.Marker
		}
		return md
	case marked:
		return c.marker
	default:
		return nil
	}
}

// errorOf returns an error that grpc-go sends as the status.
func errorOf(stored *spb.Status) error {
	s := status.FromProto(stored)
	if s.Code() == codes.OK {
		return okError{s}
	}
	return s.Err()
}

// okError is an error with the code OK. Package status makes none, but a
// handler can return one.
type okError struct{ status *status.Status }

func (e okError) Error() string { return e.status.Message() }

// GRPCStatus is how grpc-go finds the status of an error.
func (e okError) GRPCStatus() *status.Status { return e.status }
