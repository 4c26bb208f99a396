package redisstore

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// TestLayout pins every byte, which running processes of other versions read.
func TestLayout(t *testing.T) {
	claim := backend.Claim{Attempt: 0x01020304, Retention: 0x0506 * time.Millisecond}
	for i := range claim.Token {
		claim.Token[i] = byte(0x20 + i)
	}
	for i := range claim.Fingerprint {
		claim.Fingerprint[i] = byte(0x40 + i)
	}
	want := "\x01\x01\x00" + " !\"#$%&'()*+,-./" + "\x01\x02\x03\x04" +
		"@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`" + "\x00\x00\x00\x00\x00\x00\x05\x06"
	value := running(&claim)
	if string(value) != want {
		t.Errorf("got  %q\nwant %q", value, want)
	}
	found, err := decode(value)
	if err != nil {
		t.Fatal(err)
	}
	if found.Token != claim.Token || found.Attempt != claim.Attempt || found.Fingerprint != claim.Fingerprint ||
		found.retention != claim.Retention || found.State != backend.Running {
		t.Errorf("got %+v, want %+v", found, claim)
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want int64
	}{
		{"rounds up", millis(time.Nanosecond), 1},
		{"whole", millis(time.Second), 1000},
		{"negative", millis(-time.Second), 0},
		{"forever", millis(backend.Forever), int64(century / time.Millisecond)},
		{"a running record always expires", expiry(backend.Forever, backend.Forever), 2 * int64(century/time.Millisecond)},
		{"Redis takes no zero", expiry(0, 0), 1},
		{"kept for nothing", kept(0), 1},
		{"kept for ever", kept(backend.Forever), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, c.got, c.want)
		}
	}
}

// FuzzDecode: whatever stands in Redis is either a record or ErrCorrupt, and
// reading it neither panics nor fills the memory.
func FuzzDecode(f *testing.F) {
	sealer, err := NewAESGCM(SealKey{ID: 1, Secret: make([]byte, secretSize)})
	if err != nil {
		f.Fatal(err)
	}
	c := config{sealer: sealer, compress: true}
	header := running(&backend.Claim{Attempt: 1, Retention: time.Hour})
	payload, set, err := c.pack(backend.Key{}, backend.Outcome{Bytes: bytes.Repeat([]byte("x"), 100)})
	if err != nil {
		f.Fatal(err)
	}
	done := append(bytes.Clone(header), payload...)
	done[atState], done[atFlags] = byte(backend.Done), byte(set)
	small, set := c.deflate(bytes.Repeat([]byte("x"), 100))
	plain := append(bytes.Clone(header), small...)
	plain[atState], plain[atFlags] = byte(backend.Done), byte(set)
	for _, seed := range [][]byte{nil, header, done, plain} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		before := bytes.Clone(value)
		found, err := decode(value)
		if err == nil {
			_, err = c.unpack(backend.Key{}, &found)
		}
		if err != nil && !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("got error %v, want ErrCorrupt", err)
		}
		if !bytes.Equal(value, before) {
			t.Error("reading has changed the value")
		}
	})
}
