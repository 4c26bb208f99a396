package idemconnect

import (
	"context"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/outcome"
)

// binarySuffix ends the names of fields whose values travel in base64.
const binarySuffix = "-bin"

// said is what a handler says through the context, as the handlers without
// request and response wrappers do, less what outer interceptors had said.
type said struct {
	info            connect.CallInfo // nil when there is none
	header, trailer http.Header
}

func listen(ctx context.Context) said {
	info, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return said{}
	}
	return said{info: info, header: info.ResponseHeader().Clone(), trailer: info.ResponseTrailer().Clone()}
}

func (s said) fields() (headers, trailers rpc.Fields) {
	if s.info == nil {
		return nil, nil
	}
	return gather(nil, added(s.header, s.info.ResponseHeader())), gather(nil, added(s.trailer, s.info.ResponseTrailer()))
}

// added returns what stands in after and not in before, whose values come
// first.
func added(before, after http.Header) http.Header {
	if len(before) == 0 {
		return after
	}
	fresh := make(http.Header, len(after))
	for name, values := range after {
		if earlier := len(before[name]); len(values) > earlier {
			fresh[name] = values[earlier:]
		}
	}
	return fresh
}

// gather adds header fields to those that are to be stored: under names in
// lower case, and binary ones decoded, as gRPC has them.
func gather(fields rpc.Fields, header http.Header) rpc.Fields {
	if len(header) > 0 && fields == nil {
		fields = make(rpc.Fields, len(header))
	}
	for name, values := range header {
		name = strings.ToLower(name)
		for _, value := range values {
			fields[name] = append(fields[name], decoded(name, value))
		}
	}
	return fields
}

// decoded leaves a value that is no base64 as the handler wrote it.
func decoded(name, value string) string {
	if !strings.HasSuffix(name, binarySuffix) {
		return value
	}
	data, err := connect.DecodeBinaryHeader(value)
	if err != nil {
		return value
	}
	return string(data)
}

// scatter is the way back.
func scatter(fields *outcome.Fields, header http.Header) {
	if fields.Len() == 0 {
		return
	}
	stored := make(rpc.Fields, fields.Len())
	fields.CopyTo(stored)
	for name, values := range stored {
		for i, value := range values {
			if strings.HasSuffix(name, binarySuffix) {
				values[i] = connect.EncodeBinaryHeader([]byte(value))
			}
		}
		name = http.CanonicalHeaderKey(name)
		header[name] = append(header[name], values...)
	}
}
