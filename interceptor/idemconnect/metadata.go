package idemconnect

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/outcome"
)

// metadataCapture captures the metadata that a handler sets through the context, as
// handlers without request and response wrappers do. It leaves out that of outer
// interceptors, which set theirs again when the call is replayed.
type metadataCapture struct {
	info            connect.CallInfo // nil if the context has none
	header, trailer http.Header      // before the handler
}

func captureMetadata(ctx context.Context) metadataCapture {
	info, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return metadataCapture{}
	}
	return metadataCapture{info: info, header: info.ResponseHeader().Clone(), trailer: info.ResponseTrailer().Clone()}
}

func (c *metadataCapture) captured() (headers, trailers rpc.Fields) {
	if c.info == nil {
		return nil, nil
	}
	return fromHeader(nil, added(c.header, c.info.ResponseHeader())), fromHeader(nil, added(c.trailer, c.info.ResponseTrailer()))
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

// added returns the values that are in after and not in before: those that follow
// the values of before, or all values if those were replaced.
func added(before, after http.Header) http.Header {
	if len(before) == 0 {
		return after
	}
	fresh := make(http.Header, len(after))
	for name, values := range after {
		earlier := before[name]
		switch {
		case slices.Equal(earlier, values):
		case len(values) > len(earlier) && slices.Equal(earlier, values[:len(earlier)]):
			fresh[name] = values[len(earlier):]
		default:
			fresh[name] = values
		}
	}
	return fresh
}

// fromHeader adds the fields of a header to those that are recorded.
func fromHeader(fields rpc.Fields, header http.Header) rpc.Fields {
	if len(header) > 0 && fields == nil {
		fields = make(rpc.Fields, len(header))
	}
	for name, values := range header {
		name = strings.ToLower(name)
		if rpc.IsBinary(name) {
			name, values = fromBinary(name, values)
		}
		if len(values) > 0 {
			fields[name] = append(fields[name], values...)
		}
	}
	return fields
}

// fromBinary decodes the values of a binary field, as gRPC does. If one is not the
// base64 that toHeader would write, all are recorded verbatim.
func fromBinary(name string, values []string) (recorded string, decoded []string) {
	decoded = make([]string, len(values))
	for i, value := range values {
		data, err := connect.DecodeBinaryHeader(value)
		if err != nil || connect.EncodeBinaryHeader(data) != value {
			return rpc.VerbatimName(name), values
		}
		decoded[i] = string(data)
	}
	return name, decoded
}

// toHeader adds recorded fields to a header.
func toHeader(fields *outcome.Fields, header http.Header) {
	if fields.Len() == 0 {
		return
	}
	recorded := make(rpc.Fields, fields.Len())
	fields.CopyTo(recorded)
	for name, values := range recorded {
		name, verbatim := rpc.CutVerbatim(name)
		if !verbatim && rpc.IsBinary(name) {
			for i, value := range values {
				values[i] = connect.EncodeBinaryHeader([]byte(value))
			}
		}
		name = http.CanonicalHeaderKey(name)
		header[name] = append(header[name], values...)
	}
}
