package idemconnect2

import (
	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// marker marks a replay.
type marker struct {
	field  string   // canonical name of a header field
	values []string // shared by all replays; never changed
}

// replay sends the recorded answer, marked by the marker.
func replay(recorded *rpc.Replay, marker marker, info *connect.CallInfo, stream connect.ServerStream) error {
	addFields(&recorded.Headers, info.ResponseHeader())
	addFields(&recorded.Trailers, info.ResponseTrailer())
	if recorded.Status != nil {
		errorFields(info).SetValues(marker.field, marker.values)
		return errorOf(recorded.Status, info)
	}
	info.ResponseHeader().SetValues(marker.field, marker.values)
	return stream.Send(recorded.Message)
}
