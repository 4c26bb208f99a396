package idemconnect

import (
	"context"
	"maps"
	"net/http"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/outcome"
)

// metadataCapture captures the metadata that a handler sets through the context, as
// handlers without request and response wrappers do. It leaves out that of outer
// interceptors, which set theirs again when the call is replayed. It is the handler's
// context, so that it needs no other one to be found in.
type metadataCapture struct {
	context.Context //nolint:containedctx // see above

	info            connect.CallInfo // nil if the context has none
	header, trailer http.Header      // before the handler
}

// captureKey is the key of a capture in the context of its handler.
type captureKey struct{}

func captureMetadata(ctx context.Context) *metadataCapture {
	info, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return &metadataCapture{Context: ctx}
	}
	return &metadataCapture{
		Context: ctx, info: info,
		header: info.ResponseHeader().Clone(), trailer: info.ResponseTrailer().Clone(),
	}
}

// Value implements context.Context.
func (c *metadataCapture) Value(key any) any {
	if key == (captureKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func (c *metadataCapture) captured() (headers, trailers rpc.Fields) {
	if c.info == nil {
		return nil, nil
	}
	return addedFields(c.header, c.info.ResponseHeader()), addedFields(c.trailer, c.info.ResponseTrailer())
}

// addedFields returns what a handler has added to a header.
func addedFields(before, after http.Header) rpc.Fields {
	return rpc.FromHTTP(nil, rpc.AddedFields(before, after))
}

// withdraw takes back what the handler has set.
func (c *metadataCapture) withdraw() {
	if c.info == nil {
		return
	}
	restore(c.info.ResponseHeader(), c.header)
	restore(c.info.ResponseTrailer(), c.trailer)
}

func restore(header, before http.Header) {
	clear(header)
	maps.Copy(header, before)
}

// toHeader adds recorded fields to a header.
func toHeader(fields *outcome.Fields, header http.Header) {
	rpc.ToHTTP(fields, func(name string, values []string) { header[name] = append(header[name], values...) })
}
