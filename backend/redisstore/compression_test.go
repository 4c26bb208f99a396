package redisstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/klauspost/compress/s2"

	"github.com/oncewire/idempotency/backend"
)

// TestDecompressionBomb: data that would decompress to too many bytes is refused
// before memory is allocated.
func TestDecompressionBomb(t *testing.T) {
	for name, small := range map[string][]byte{
		"declared": binary.AppendUvarint(nil, 1<<31),
		"real":     s2.Encode(nil, make([]byte, maxDecompressed+1)),
		"cut off":  s2.Encode(nil, make([]byte, 1000))[:5],
	} {
		if _, err := decompress(small); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("%s: got error %v, want ErrCorrupt", name, err)
		}
	}
}

// TestTooLargeToCompress: an outcome that is too large to decompress is stored
// uncompressed.
func TestTooLargeToCompress(t *testing.T) {
	c := codec{compression: compression{on: true}}
	for size, want := range map[int]flags{maxDecompressed: compressed, maxDecompressed + 1: 0} {
		payload, set := c.compression.compress(make([]byte, size))
		if set != want {
			t.Errorf("%d bytes: flags %b, want %b", size, set, want)
		}
		got, err := c.decodeOutcome(backend.Key{}, &stored{flags: set, payload: payload})
		if err != nil || !bytes.Equal(got, make([]byte, size)) {
			t.Errorf("%d bytes: read %d, %v", size, len(got), err)
		}
	}
}

func TestCompressesWhatGetsSmaller(t *testing.T) {
	c := compression{on: true, threshold: 100}
	for text, want := range map[string]flags{
		string(bytes.Repeat([]byte("x"), 99)):  0,
		string(bytes.Repeat([]byte("x"), 100)): compressed,
		noise:                                  0,
	} {
		if _, set := c.compress([]byte(text)); set != want {
			t.Errorf("%d bytes: flags %b, want %b", len(text), set, want)
		}
	}
}

// noise contains every byte once, so it cannot be compressed.
var noise = func() string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i * 167)
	}
	return string(all)
}()
