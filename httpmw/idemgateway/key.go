package idemgateway

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/grpc/metadata"
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

// printable replaces values with characters that metadata must not have, for
// which grpc-go would fail the call with Internal. Go's quoting escapes each of
// them in a way that an RFC 9651 string does not know, so no engine takes the
// replacement for a key.
func printable(keys []string) []string {
	values := make([]string, len(keys))
	for i, key := range keys {
		if values[i] = key; !isPrintable(key) {
			values[i] = strconv.QuoteToASCII(key)
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
