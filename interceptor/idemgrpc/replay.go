package idemgrpc

import (
	"context"
	"maps"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/outcome"
)

// replay returns the recorded answer, marked by the marker.
func replay(ctx context.Context, recorded *rpc.Replay, marker metadata.MD) (any, error) {
	replayMetadata(ctx, recorded, marker)
	if recorded.Status != nil {
		return nil, errorOf(recorded.Status)
	}
	return recorded.Message, nil
}

// replayMetadata sets the recorded metadata and the marker, if ctx has a stream. If
// an outer interceptor has sent the headers, they go into the trailers. The marker
// of an error is always in the trailers; see the package documentation.
func replayMetadata(ctx context.Context, recorded *rpc.Replay, marker metadata.MD) {
	stream := grpc.ServerTransportStreamFromContext(ctx)
	if stream == nil {
		return
	}
	headerMarker, trailerMarker := marker, metadata.MD(nil)
	if recorded.Status != nil {
		headerMarker, trailerMarker = trailerMarker, headerMarker
	}
	headers := toMetadata(&recorded.Headers, headerMarker)
	trailers := toMetadata(&recorded.Trailers, trailerMarker)
	if len(headers) > 0 && stream.SetHeader(headers) != nil {
		trailers = metadata.Join(headers, trailers)
	}
	if len(trailers) > 0 {
		_ = stream.SetTrailer(trailers) // fails only if the call has ended
	}
}

// toMetadata returns recorded fields together with the marker, which may be nil.
func toMetadata(fields *outcome.Fields, marker metadata.MD) metadata.MD {
	if fields.Len() == 0 {
		return marker
	}
	md := make(metadata.MD, fields.Len()+len(marker))
	fields.CopyTo(md)
	decodeVerbatim(md)
	maps.Copy(md, marker)
	return md
}
