package idemgateway

import (
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
)

// isMarker reports whether the metadata field is the replay marker.
func (c *config) isMarker(name string) bool { return strings.EqualFold(name, c.replayedField) }

// markReplay sets the replay marker of an error in the header of the answer, which
// every client can read. The service sends it in its trailers. The outgoing header
// matcher forwards a marker that is in the service's header.
func (c *config) markReplay(w http.ResponseWriter, md runtime.ServerMetadata) {
	name := strings.ToLower(c.replayedField)
	if len(md.TrailerMD.Get(name)) > 0 && len(md.HeaderMD.Get(name)) == 0 {
		w.Header().Set(c.replayedField, "true")
	}
}
