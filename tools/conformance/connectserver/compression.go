package main

import (
	"compress/zlib"
	"io"

	"connectrpc.com/connect"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// compressions are those of the suite that connect-go, which has gzip, lacks.
// HTTP and gRPC call zlib's format (RFC 1950) deflate.
func compressions() connect.HandlerOption {
	return connect.WithHandlerOptions(
		connect.WithCompression("br",
			func() connect.Decompressor { return &brReader{brotli.NewReader(nil)} },
			func() connect.Compressor { return brotli.NewWriter(io.Discard) }),
		connect.WithCompression("deflate",
			func() connect.Decompressor { return new(zlibReader) },
			func() connect.Compressor { return zlib.NewWriter(io.Discard) }),
		connect.WithCompression("snappy",
			func() connect.Decompressor { return &snappyReader{snappy.NewReader(nil)} },
			func() connect.Compressor { return snappy.NewBufferedWriter(io.Discard) }),
		connect.WithCompression("zstd",
			func() connect.Decompressor { return newZstdReader() },
			func() connect.Compressor { return newZstdWriter() }),
	)
}

type brReader struct{ *brotli.Reader }

func (*brReader) Close() error { return nil }

// zlibReader reads the format's header when it gets a source, not before.
type zlibReader struct{ io.ReadCloser }

func (r *zlibReader) Reset(source io.Reader) (err error) {
	if resetter, ok := r.ReadCloser.(zlib.Resetter); ok {
		return resetter.Reset(source, nil)
	}
	r.ReadCloser, err = zlib.NewReader(source)
	return err
}

type snappyReader struct{ *snappy.Reader }

func (*snappyReader) Close() error { return nil }

func (r *snappyReader) Reset(source io.Reader) error {
	r.Reader.Reset(source)
	return nil
}

// zstdReader is put back for later use when it is closed, which a decoder
// survives only if it is not told.
type zstdReader struct{ *zstd.Decoder }

func (r *zstdReader) Close() error { return r.Reset(nil) }

// One goroutine at a time does not outlive its message.
func newZstdReader() *zstdReader {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		panic(err) // the options are constants
	}
	return &zstdReader{decoder}
}

func newZstdWriter() *zstd.Encoder {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // the options are constants
	}
	return encoder
}
