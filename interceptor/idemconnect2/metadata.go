package idemconnect2

import (
	"maps"
	"net/http"
	"slices"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/outcome"
)

// metadataCapture captures the metadata that a handler sets. It leaves out that of
// outer interceptors, which set theirs again when the call is replayed.
type metadataCapture struct {
	info            *connect.CallInfo
	header, trailer http.Header // before the handler
}

func captureMetadata(info *connect.CallInfo) metadataCapture {
	return metadataCapture{
		info:    info,
		header:  toHTTP(info.ResponseHeader()).Clone(),
		trailer: toHTTP(info.ResponseTrailer()).Clone(),
	}
}

func (c *metadataCapture) captured() (headers, trailers rpc.Fields) {
	headers = rpc.FromHTTP(nil, rpc.AddedFields(c.header, toHTTP(c.info.ResponseHeader())))
	trailers = rpc.FromHTTP(nil, rpc.AddedFields(c.trailer, toHTTP(c.info.ResponseTrailer())))
	return headers, trailers
}

// undo removes what the handler has set.
func (c *metadataCapture) undo() {
	restore(c.info.ResponseHeader(), c.header)
	restore(c.info.ResponseTrailer(), c.trailer)
}

func restore(header *connect.Header, before http.Header) {
	*header = connect.Header{}
	for name, values := range before {
		header.SetValues(name, values)
	}
}

// toHTTP returns a header in the type of net/http, with the same lists of values. It
// is nil for an empty one.
func toHTTP(header *connect.Header) http.Header {
	if header.Len() == 0 {
		return nil
	}
	return maps.Collect(header.All())
}

// addFields adds recorded fields to a header.
func addFields(fields *outcome.Fields, header *connect.Header) {
	rpc.ToHTTP(fields, func(name string, values []string) {
		header.SetValues(name, append(slices.Clip(header.Values(name)), values...))
	})
}

// errorFields returns the header in which the fields of an error go that the guard
// itself adds: a header field over Connect, where outer HTTP middleware reads it, and
// a trailer over gRPC.
func errorFields(info *connect.CallInfo) *connect.Header {
	if isGRPC(info) {
		return info.ResponseTrailer()
	}
	return info.ResponseHeader()
}

func isGRPC(info *connect.CallInfo) bool {
	return info.Protocol == connect.ProtocolNameGRPC || info.Protocol == connect.ProtocolNameGRPCWeb
}
