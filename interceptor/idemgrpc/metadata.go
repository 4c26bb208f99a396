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
	// pass lets the client have the metadata, if it was held, and withdraw takes it
	// back. Headers that were sent stay.
	pass()
	withdraw()
}

// captureMetadata starts a capture; the handler must get the returned context. A
// stream of grpc-go's own transport stays in the context and is read, since
// grpc.SetSendCompressor requires its type. Other streams are wrapped, and hold what is
// set until pass, if they are to hold it.
func captureMetadata(ctx context.Context, hold bool) (context.Context, metadataCapture) {
	stream := grpc.ServerTransportStreamFromContext(ctx)
	if stream == nil {
		return ctx, noCapture{}
	}
	if transport, ok := findTransportMetadata(stream); ok {
		capture := newTransportCapture(ctx, transport)
		return capture, capture
	}
	wrapped := &wrappedStream{ServerTransportStream: stream, hold: hold}
	ctx = context.WithValue(ctx, captureKey{}, metadataCapture(wrapped))
	return grpc.NewContextWithServerTransportStream(ctx, wrapped), wrapped
}

// noCapture is the capture of a call without a stream.
type noCapture struct{}

func (noCapture) captured() (headers, trailers metadata.MD) { return nil, nil }
func (noCapture) pass()                                     {}
func (noCapture) withdraw()                                 {}

// wrappedStream captures the metadata that is set on it.
type wrappedStream struct {
	grpc.ServerTransportStream

	hold            bool
	mu              sync.Mutex
	header, trailer metadata.MD
}

func (w *wrappedStream) SetHeader(md metadata.MD) error {
	return w.add(&w.header, md, w.ServerTransportStream.SetHeader)
}

func (w *wrappedStream) SendHeader(md metadata.MD) error {
	return w.add(&w.header, md, w.ServerTransportStream.SendHeader)
}

func (w *wrappedStream) SetTrailer(md metadata.MD) error {
	return w.add(&w.trailer, md, w.ServerTransportStream.SetTrailer)
}

func (w *wrappedStream) add(all *metadata.MD, md metadata.MD, set func(metadata.MD) error) error {
	if !w.hold {
		if err := set(md); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	*all = metadata.Join(*all, md)
	return nil
}

// pass ignores errors as replayMetadata does.
func (w *wrappedStream) pass() {
	if !w.hold {
		return
	}
	headers, trailers := w.captured()
	if len(headers) > 0 && w.ServerTransportStream.SetHeader(headers) != nil {
		trailers = metadata.Join(headers, trailers)
	}
	if len(trailers) > 0 {
		_ = w.ServerTransportStream.SetTrailer(trailers)
	}
}

func (w *wrappedStream) withdraw() {}

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
