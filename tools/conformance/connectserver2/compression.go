package main

import (
	"compress/zlib"
	"io"

	"connectrpc.com/connect/v2/connectgzip"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// compressions are gzip and those of the suite that connect-go lacks. HTTP and gRPC
// call zlib's format (RFC 1950) deflate.
func compressions() connecthttp.Option {
	return connecthttp.WithCompressors(
		connectgzip.New(),
		compressor{
			"br",
			func(to io.Writer) (io.WriteCloser, error) { return brotli.NewWriter(to), nil },
			func(from io.Reader) (io.ReadCloser, error) { return io.NopCloser(brotli.NewReader(from)), nil },
		},
		compressor{
			"deflate",
			func(to io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(to), nil },
			zlib.NewReader,
		},
		compressor{
			"snappy",
			func(to io.Writer) (io.WriteCloser, error) { return snappy.NewBufferedWriter(to), nil },
			func(from io.Reader) (io.ReadCloser, error) { return io.NopCloser(snappy.NewReader(from)), nil },
		},
		// One goroutine at a time does not outlive its message.
		compressor{
			"zstd",
			func(to io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(to, zstd.WithEncoderConcurrency(1)) },
			func(from io.Reader) (io.ReadCloser, error) {
				decoder, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1))
				if err != nil {
					return nil, err
				}
				return decoder.IOReadCloser(), nil
			},
		},
	)
}

// compressor is a connect.Compressor of functions.
type compressor struct {
	name       string
	compress   func(io.Writer) (io.WriteCloser, error)
	decompress func(io.Reader) (io.ReadCloser, error)
}

func (c compressor) Name() string                                     { return c.name }
func (c compressor) Compress(to io.Writer) (io.WriteCloser, error)    { return c.compress(to) }
func (c compressor) Decompress(from io.Reader) (io.ReadCloser, error) { return c.decompress(from) }
