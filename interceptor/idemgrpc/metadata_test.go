package idemgrpc

import (
	"context"
	"reflect"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// foreign is a stream that cannot be asked, as those of in-process transports.
type foreign struct{ header, trailer metadata.MD }

func (f *foreign) Method() string { return "/s.S/M" }
func (f *foreign) SetHeader(md metadata.MD) error {
	f.header = metadata.Join(f.header, md)
	return nil
}
func (f *foreign) SendHeader(md metadata.MD) error { return f.SetHeader(md) }
func (f *foreign) SetTrailer(md metadata.MD) error {
	f.trailer = metadata.Join(f.trailer, md)
	return nil
}

func TestForeignStreamIsListenedTo(t *testing.T) {
	stream := new(foreign)
	ctx, said := listen(grpc.NewContextWithServerTransportStream(context.Background(), stream))
	for _, err := range []error{
		grpc.SetHeader(ctx, metadata.Pairs("a", "1")),
		grpc.SendHeader(ctx, metadata.Pairs("a", "2")),
		grpc.SetTrailer(ctx, metadata.Pairs("b", "3")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	headers, trailers := said.fields()
	wantHeaders, wantTrailers := metadata.Pairs("a", "1", "a", "2"), metadata.Pairs("b", "3")
	if !reflect.DeepEqual(headers, wantHeaders) || !reflect.DeepEqual(trailers, wantTrailers) {
		t.Errorf("heard %v and %v", headers, trailers)
	}
	if !reflect.DeepEqual(stream.header, wantHeaders) || !reflect.DeepEqual(stream.trailer, wantTrailers) {
		t.Errorf("passed on %v and %v", stream.header, stream.trailer)
	}
}
