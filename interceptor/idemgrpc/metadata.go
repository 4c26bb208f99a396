package idemgrpc

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// metadataCapture captures the metadata that a handler sets, without that of outer
// interceptors, which set theirs again when the call is replayed.
type metadataCapture interface {
	// captured may be called while goroutines of the handler still run.
	captured() (headers, trailers metadata.MD)
}

// captureMetadata starts a capture; the handler must get the returned context. A
// stream of grpc-go's own transport stays in the context and is read, since
// grpc.SetSendCompressor requires its type. Other streams are wrapped.
func captureMetadata(ctx context.Context) (context.Context, metadataCapture) {
	stream := grpc.ServerTransportStreamFromContext(ctx)
	if stream == nil {
		return ctx, noCapture{}
	}
	if transport, ok := findTransportMetadata(stream); ok {
		return ctx, newTransportCapture(transport)
	}
	wrapped := &wrappedStream{ServerTransportStream: stream}
	return grpc.NewContextWithServerTransportStream(ctx, wrapped), wrapped
}

// noCapture is the capture of a call without a stream.
type noCapture struct{}

func (noCapture) captured() (headers, trailers metadata.MD) { return nil, nil }

// wrappedStream captures the metadata that is set on it.
type wrappedStream struct {
	grpc.ServerTransportStream

	mu              sync.Mutex
	header, trailer metadata.MD
}

func (w *wrappedStream) SetHeader(md metadata.MD) error {
	err := w.ServerTransportStream.SetHeader(md)
	w.add(&w.header, md, err)
	return err
}

func (w *wrappedStream) SendHeader(md metadata.MD) error {
	err := w.ServerTransportStream.SendHeader(md)
	w.add(&w.header, md, err)
	return err
}

func (w *wrappedStream) SetTrailer(md metadata.MD) error {
	err := w.ServerTransportStream.SetTrailer(md)
	w.add(&w.trailer, md, err)
	return err
}

func (w *wrappedStream) add(all *metadata.MD, md metadata.MD, err error) {
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	*all = metadata.Join(*all, md)
}

func (w *wrappedStream) captured() (headers, trailers metadata.MD) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.header.Copy(), w.trailer.Copy()
}

// decodeVerbatim renames binary fields that are recorded verbatim, as a Connect
// handler wrote them. A value that is base64 in any form is decoded; another one
// stays as it is.
func decodeVerbatim(md metadata.MD) {
	for recorded, values := range md {
		name, verbatim := rpc.CutVerbatim(recorded)
		if !verbatim {
			continue
		}
		delete(md, recorded)
		values = slices.Clone(values)
		for i, value := range values {
			if data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "=")); err == nil {
				values[i] = string(data)
			}
		}
		md[name] = append(md[name], values...)
	}
}
