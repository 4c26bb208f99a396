package idemgateway

import (
	"context"
	"net/http"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// KeyMetadata returns an annotator for [runtime.WithMetadata] that forwards the
// key to the service. It forwards every value of the field, so that the service can
// refuse a second key. It replaces what an incoming header matcher makes of the
// same field. No other annotator may forward the key.
//
// In place of a value that gRPC cannot carry, the service gets a value that it
// refuses as malformed.
func KeyMetadata(options ...Option) func(context.Context, *http.Request) metadata.MD {
	c := newConfig(options)
	name := strings.ToLower(c.keyField)
	return func(_ context.Context, r *http.Request) metadata.MD {
		keys := r.Header[c.keyField]
		if len(keys) == 0 {
			return nil
		}
		return metadata.MD{name: printable(keys)}
	}
}

// unprintable replaces a key with characters that are invalid in metadata, for
// which grpc-go would fail the call with Internal. Its space is not visible ASCII,
// so every engine refuses it with ErrKeyInvalid.
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

// EchoKey returns an option for [runtime.WithForwardResponseOption]. With
// [WithKeyEcho] it sends the key back in successful answers.
func EchoKey(options ...Option) func(context.Context, http.ResponseWriter, proto.Message) error {
	c := newConfig(options)
	return func(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
		forwarded, _ := metadata.FromOutgoingContext(ctx)
		c.echoKey(w, forwarded.Get(c.keyField))
		return nil
	}
}

// echoKey sends a single key back. Several keys are malformed.
func (c *config) echoKey(w http.ResponseWriter, keys []string) {
	if c.keyEcho && len(keys) == 1 {
		w.Header().Set(c.keyField, keys[0])
	}
}
