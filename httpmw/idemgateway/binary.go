package idemgateway

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// ForwardBinary returns an option for [runtime.WithForwardResponseOption]. It
// sends the binary header metadata that [OutgoingHeaderMatcher] leaves out, in
// base64 without padding, which is its form in gRPC. Without it the gateway
// writes the bytes unencoded.
func ForwardBinary(options ...Option) func(context.Context, http.ResponseWriter, proto.Message) error {
	c := newConfig(options)
	return func(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
		if md, ok := runtime.ServerMetadataFromContext(ctx); ok {
			c.forwardBinary(w, md.HeaderMD)
		}
		return nil
	}
}

// forwardBinary replaces fields, so it may run several times for one answer.
func (c *config) forwardBinary(w http.ResponseWriter, header metadata.MD) {
	for name, values := range header {
		if !isBinary(name) {
			continue
		}
		if field, ok := c.headerMatcher(name); ok {
			w.Header()[http.CanonicalHeaderKey(field)] = encode(values)
		}
	}
}

// isBinary reports whether the values of the metadata field may be any bytes.
func isBinary(name string) bool { return strings.HasSuffix(name, "-bin") }

func encode(values []string) []string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = base64.RawStdEncoding.EncodeToString([]byte(value))
	}
	return texts
}
