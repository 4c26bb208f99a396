package redisstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/klauspost/compress/s2"

	"github.com/oncewire/idempotency/backend"
)

// TestBomb: a few bytes that claim to be many are refused before there is any
// memory for them.
func TestBomb(t *testing.T) {
	for name, small := range map[string][]byte{
		"declared": binary.AppendUvarint(nil, 1<<31),
		"real":     s2.Encode(nil, make([]byte, maxInflated+1)),
		"cut off":  s2.Encode(nil, make([]byte, 1000))[:5],
	} {
		if _, err := inflate(small); !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("%s: got error %v, want ErrCorrupt", name, err)
		}
	}
}

// TestTooLargeToCompress: what could not be read again is stored as it is.
func TestTooLargeToCompress(t *testing.T) {
	c := config{compress: true}
	for size, want := range map[int]flags{maxInflated: compressed, maxInflated + 1: 0} {
		payload, set := c.deflate(make([]byte, size))
		if set != want {
			t.Errorf("%d bytes: flags %b, want %b", size, set, want)
		}
		got, err := c.unpack(backend.Key{}, &stored{flags: set, payload: payload})
		if err != nil || !bytes.Equal(got, make([]byte, size)) {
			t.Errorf("%d bytes: read %d, %v", size, len(got), err)
		}
	}
}

func TestCompressesWhatGetsSmaller(t *testing.T) {
	c := config{compress: true, compressFrom: 100}
	for text, want := range map[string]flags{
		string(bytes.Repeat([]byte("x"), 99)):  0,
		string(bytes.Repeat([]byte("x"), 100)): compressed,
		noise:                                  0,
	} {
		if _, set := c.deflate([]byte(text)); set != want {
			t.Errorf("%d bytes: flags %b, want %b", len(text), set, want)
		}
	}
}

// noise holds every byte once: nothing repeats.
var noise = func() string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i * 167)
	}
	return string(all)
}()
