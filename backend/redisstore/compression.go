package redisstore

import (
	"fmt"

	"github.com/klauspost/compress/s2"
)

// maxDecompressed limits the size of a decompressed outcome, so that a few
// bytes written by someone else cannot fill the memory. Larger outcomes are
// stored uncompressed.
const maxDecompressed = 64 << 20

// compression compresses outcomes of at least a threshold.
type compression struct {
	on        bool
	threshold int // in bytes
}

// compress returns the outcome and its flags. It compresses the outcome only if
// that makes it smaller.
func (c compression) compress(plain []byte) ([]byte, flags) {
	if !c.on || len(plain) < c.threshold || len(plain) > maxDecompressed {
		return plain, 0
	}
	if small := s2.Encode(nil, plain); len(small) < len(plain) {
		return small, compressed
	}
	return plain, 0
}

func decompress(small []byte) ([]byte, error) {
	n, err := s2.DecodedLen(small)
	if err == nil && n > maxDecompressed {
		err = fmt.Errorf("%d bytes when decompressed", n)
	}
	if err != nil {
		return nil, corrupt("%w", err)
	}
	plain, err := s2.Decode(nil, small)
	if err != nil {
		return nil, corrupt("%w", err)
	}
	return plain, nil
}
