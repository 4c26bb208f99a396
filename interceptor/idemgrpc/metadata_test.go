package idemgrpc

import (
	"context"
	"reflect"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// foreign is a stream of another transport, such as one inside the process.
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

func TestForeignStreamIsWrapped(t *testing.T) {
	stream := new(foreign)
	ctx := grpc.NewContextWithServerTransportStream(context.Background(), stream)
	if err := grpc.SetHeader(ctx, metadata.Pairs("outer", "0")); err != nil {
		t.Fatal(err)
	}
	ctx, capture := captureMetadata(ctx, false)
	for _, err := range []error{
		grpc.SetHeader(ctx, metadata.Pairs("a", "1")),
		grpc.SendHeader(ctx, metadata.Pairs("a", "2")),
		grpc.SetTrailer(ctx, metadata.Pairs("b", "3")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	headers, trailers := capture.captured()
	wantHeaders, wantTrailers := metadata.Pairs("a", "1", "a", "2"), metadata.Pairs("b", "3")
	if !reflect.DeepEqual(headers, wantHeaders) || !reflect.DeepEqual(trailers, wantTrailers) {
		t.Errorf("captured %v and %v", headers, trailers)
	}
	if !reflect.DeepEqual(stream.header, metadata.Join(metadata.Pairs("outer", "0"), wantHeaders)) || !reflect.DeepEqual(stream.trailer, wantTrailers) {
		t.Errorf("passed on %v and %v", stream.header, stream.trailer)
	}
}

// TestForeignStreamHolds what the handler of a transaction sets, until its commit.
func TestForeignStreamHolds(t *testing.T) {
	for _, committed := range []bool{true, false} {
		stream := new(foreign)
		ctx := grpc.NewContextWithServerTransportStream(context.Background(), stream)
		ctx, capture := captureMetadata(ctx, true)
		for _, err := range []error{
			grpc.SetHeader(ctx, metadata.Pairs("a", "1")),
			grpc.SendHeader(ctx, metadata.Pairs("a", "2")),
			grpc.SetTrailer(ctx, metadata.Pairs("b", "3")),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if headers, trailers := capture.captured(); len(headers) != 1 || len(trailers) != 1 || stream.header != nil || stream.trailer != nil {
			t.Errorf("captured %v and %v, passed on %v and %v", headers, trailers, stream.header, stream.trailer)
		}
		var wantHeader, wantTrailer metadata.MD
		if committed {
			wantHeader, wantTrailer = metadata.Pairs("a", "1", "a", "2"), metadata.Pairs("b", "3")
			capture.pass()
		} else {
			capture.withdraw()
		}
		if !reflect.DeepEqual(stream.header, wantHeader) || !reflect.DeepEqual(stream.trailer, wantTrailer) {
			t.Errorf("committed %t: passed on %v and %v", committed, stream.header, stream.trailer)
		}
	}
}

func TestVerbatimValuesAreDecoded(t *testing.T) {
	md := metadata.MD{"a-bin=": {"AAE=", "AAE", "no base64!"}, "b-bin": {"AAE="}}
	decodeVerbatim(md)
	if want := (metadata.MD{"a-bin": {"\x00\x01", "\x00\x01", "no base64!"}, "b-bin": {"AAE="}}); !reflect.DeepEqual(md, want) {
		t.Errorf("metadata is %q", md)
	}
}
