package idemgateway

import (
	"context"
	"encoding/base64"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// ForwardBinary returns an option for [runtime.WithForwardResponseOption] that
// sends the binary header metadata which [OutgoingHeaderMatcher] keeps back: in
// base64 without padding, as gRPC has it on the wire. The gateway alone would
// write the bytes as they are.
func ForwardBinary(opts ...Option) func(context.Context, http.ResponseWriter, proto.Message) error {
	c := newConfig(opts)
	return func(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
		if md, ok := runtime.ServerMetadataFromContext(ctx); ok {
			c.forwardBinary(w, md.HeaderMD)
		}
		return nil
	}
}

// forwardBinary may be called any number of times for one answer.
func (c *config) forwardBinary(w http.ResponseWriter, header metadata.MD) {
	for name, values := range header {
		if !isBinary(name) {
			continue
		}
		if field, ok := c.headers(name); ok {
			w.Header()[http.CanonicalHeaderKey(field)] = encoded(values)
		}
	}
}

func encoded(values []string) []string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = base64.RawStdEncoding.EncodeToString([]byte(value))
	}
	return texts
}
