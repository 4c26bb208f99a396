package idemgrpc

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// transportMetadata points to the metadata of a stream of grpc-go's transport, and
// to the lock that its SetHeader and SetTrailer hold.
//
// The stream's methods Header and Trailer read without the lock, which is a race if
// a goroutine of the handler still runs. The stream cannot be wrapped either:
// grpc.SetSendCompressor and grpc.ClientSupportedCompressors require its type. So
// the fields are found by reflection. If a version of grpc-go has other fields, the
// stream is wrapped, and only these two functions fail.
type transportMetadata struct {
	mu              *sync.Mutex
	header, trailer *metadata.MD
}

// Names and types of the fields; those of trailer belong to an embedded struct.
var (
	transportFields = [...]string{"hdrMu", "header", "trailer"}
	transportTypes  = [...]reflect.Type{reflect.TypeFor[sync.Mutex](), reflect.TypeFor[metadata.MD](), reflect.TypeFor[metadata.MD]()}
)

// transportLayout is the position of the fields in a type; ok is false if the type
// does not have all of them.
type transportLayout struct {
	stream  reflect.Type
	indexes [len(transportFields)][]int
	ok      bool
}

// lastLayout caches the layout: a program has one type of transport stream.
var lastLayout atomic.Pointer[transportLayout]

func findTransportMetadata(stream grpc.ServerTransportStream) (transportMetadata, bool) {
	value := reflect.ValueOf(stream)
	layout := lastLayout.Load()
	if layout == nil || layout.stream != value.Type() {
		layout = newTransportLayout(value.Type())
		lastLayout.Store(layout)
	}
	if !layout.ok {
		return transportMetadata{}, false
	}
	fields := value.Elem()
	return transportMetadata{
		mu:      (*sync.Mutex)(fields.FieldByIndex(layout.indexes[0]).Addr().UnsafePointer()),
		header:  (*metadata.MD)(fields.FieldByIndex(layout.indexes[1]).Addr().UnsafePointer()),
		trailer: (*metadata.MD)(fields.FieldByIndex(layout.indexes[2]).Addr().UnsafePointer()),
	}, true
}

func newTransportLayout(stream reflect.Type) *transportLayout {
	layout := &transportLayout{stream: stream}
	if stream.Kind() != reflect.Pointer || stream.Elem().Kind() != reflect.Struct ||
		!strings.HasSuffix(stream.Elem().PkgPath(), "google.golang.org/grpc/internal/transport") {
		return layout
	}
	for i, name := range transportFields {
		field, ok := stream.Elem().FieldByName(name)
		if !ok || field.Type != transportTypes[i] {
			return layout
		}
		layout.indexes[i] = field.Index
	}
	layout.ok = true
	return layout
}

// captureKey is the key of a capture in the context of its handler.
type captureKey struct{}

// transportCapture has the metadata of a stream before the handler ran. It is the
// handler's context, so that it needs no other one to be found in.
type transportCapture struct {
	context.Context //nolint:containedctx // see above

	stream          transportMetadata
	header, trailer metadata.MD
}

func newTransportCapture(ctx context.Context, stream transportMetadata) *transportCapture {
	header, trailer := stream.copied()
	return &transportCapture{Context: ctx, stream: stream, header: header, trailer: trailer}
}

// Value implements context.Context.
func (c *transportCapture) Value(key any) any {
	if key == (captureKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func (c *transportCapture) captured() (headers, trailers metadata.MD) {
	headers, trailers = c.stream.copied()
	return added(c.header, headers), added(c.trailer, trailers)
}

// pass does nothing: the stream sends its metadata with the answer.
func (c *transportCapture) pass() {}

func (c *transportCapture) withdraw() {
	c.stream.mu.Lock()
	defer c.stream.mu.Unlock()
	*c.stream.header, *c.stream.trailer = c.header, c.trailer
}

// copied returns copies of the metadata that has been set. Values are never changed in
// place, and so are shared.
func (m transportMetadata) copied() (header, trailer metadata.MD) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return shallow(*m.header), shallow(*m.trailer)
}

func shallow(md metadata.MD) metadata.MD {
	if len(md) == 0 {
		return nil
	}
	copied := make(metadata.MD, len(md))
	for name, values := range md {
		copied[name] = slices.Clip(values)
	}
	return copied
}

// added removes the values that were there before from after, where they come first.
func added(before, after metadata.MD) metadata.MD {
	for name, earlier := range before {
		if later := after[name]; len(later) > len(earlier) {
			after[name] = later[len(earlier):]
		} else {
			delete(after, name)
		}
	}
	return after
}
