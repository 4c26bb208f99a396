package idemgateway

import (
	"context"
	"net/http"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// KeyMetadata returns an annotator for [runtime.WithMetadata] that forwards the
// key to the service, in every value it was sent with, so that the service
// can refuse a second one. What an incoming header matcher makes of the same
// field gives way to it; another annotator must not forward the key as well.
//
// A value that gRPC cannot carry reaches the service as one that it refuses.
func KeyMetadata(opts ...Option) func(context.Context, *http.Request) metadata.MD {
	c := newConfig(opts)
	name := strings.ToLower(c.keyField)
	return func(_ context.Context, r *http.Request) metadata.MD {
		keys := r.Header[c.keyField]
		if len(keys) == 0 {
			return nil
		}
		return metadata.MD{name: printable(keys)}
	}
}

// unprintable stands for a key with characters that metadata must not have, for
// which grpc-go would fail the call with Internal. No engine takes it for a key,
// because of its character that is not visible.
const unprintable = "? ?"

func printable(keys []string) []string {
	values := make([]string, len(keys))
	for i, key := range keys {
		if values[i] = key; !isPrintable(key) {
			values[i] = unprintable
		}
	}
	return values
}

func isPrintable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// EchoKey returns an option for [runtime.WithForwardResponseOption] that sends the
// key back if [WithKeyEcho] says so.
func EchoKey(opts ...Option) func(context.Context, http.ResponseWriter, proto.Message) error {
	c := newConfig(opts)
	return func(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
		forwarded, _ := metadata.FromOutgoingContext(ctx)
		c.echoKey(w, forwarded.Get(c.keyField))
		return nil
	}
}

// echoKey sends a single key back. Where there are several, all are malformed.
func (c *config) echoKey(w http.ResponseWriter, keys []string) {
	if c.echo && len(keys) == 1 {
		w.Header().Set(c.keyField, keys[0])
	}
}
