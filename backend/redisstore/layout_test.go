package redisstore

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// TestLayout checks every byte, because processes of other versions read them.
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
	value := encodeClaim(&claim)
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

// echo is a sealer whose seals contain the plaintext and the context.
type echo struct{}

func (echo) Seal(plaintext, context []byte) ([]byte, error) {
	return []byte(string(plaintext) + "|" + string(context)), nil
}

func (echo) Open(sealed, context []byte) ([]byte, error) {
	plaintext, bound, _ := bytes.Cut(sealed, []byte("|"))
	if !bytes.Equal(bound, context) {
		return nil, errors.New("another context")
	}
	return plaintext, nil
}

// TestSealedLayout checks the position of the claim's seal and every byte that the
// two seals bind.
func TestSealedLayout(t *testing.T) {
	c := codec{sealing: sealing{prefix: "idem:", sealer: echo{}}}
	key := backend.Key{0xab}
	claim := backend.Claim{Token: backend.Token{1}, Attempt: 2, Fingerprint: backend.Fingerprint{3}, Retention: time.Second}
	identity := "\x01" + strings.Repeat("\x00", 15) + "\x00\x00\x00\x02" + "\x03" + strings.Repeat("\x00", 32)
	name := "idem:ab" + strings.Repeat("00", 31)
	bound := "|c\x02" + identity + name
	want := "\x02\x01\x00" + identity + "\x00\x00\x00\x00\x00\x00\x03\xe8" + "\x00" + string(rune(len(bound))) + bound
	value, err := c.encodeClaim(key, &claim)
	if err != nil || string(value) != want {
		t.Errorf("got  %q, %v\nwant %q", value, err, want)
	}

	payload, set, err := c.encodeOutcome(key, claim.Token, backend.Outcome{Bytes: []byte("done"), Retention: time.Second})
	want = "done|o\x02\x02\x04" + identity[:16] + "\x00\x00\x00\x00\x00\x00\x03\xe8" + name
	if err != nil || set != sealed || string(payload) != want {
		t.Errorf("got  %q, flags %b, %v\nwant %q", payload, set, err, want)
	}
	value[atState], value[atFlags] = byte(backend.Done), byte(set)
	found, err := decode(append(value, payload...))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.decodeOutcome(key, &found); err != nil || string(got) != "done" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestSealIsTooLong: the length of a seal must fit into two bytes.
func TestSealIsTooLong(t *testing.T) {
	for prefix, fits := range map[int]bool{1 << 10: true, 1 << 16: false} {
		c := codec{sealing: sealing{prefix: keyPrefix(strings.Repeat("x", prefix)), sealer: echo{}}}
		if _, err := c.encodeClaim(backend.Key{}, &backend.Claim{}); (err == nil) != fits {
			t.Errorf("a prefix of %d bytes: %v", prefix, err)
		}
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
		{"forever", millis(backend.Forever), int64(maxDuration / time.Millisecond)},
		{"a running record always expires", runningExpiry(backend.Forever, backend.Forever), 2 * int64(maxDuration/time.Millisecond)},
		{"Redis accepts no zero", runningExpiry(0, 0), 1},
		{"no retention", finishedExpiry(0), 1},
		{"retained forever", finishedExpiry(backend.Forever), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, c.got, c.want)
		}
	}
}

// FuzzDecode: every value is either a record or ErrCorrupt, and reading it neither
// panics nor fills the memory.
func FuzzDecode(f *testing.F) {
	sealer, err := NewAESGCM(SealKey{ID: 1, Secret: make([]byte, secretSize)})
	if err != nil {
		f.Fatal(err)
	}
	c := codec{sealing: sealing{sealer: sealer}, compression: compression{on: true}}
	claim := backend.Claim{Attempt: 1, Retention: time.Hour}
	header := encodeClaim(&claim)
	done, err := c.encodeClaim(backend.Key{}, &claim)
	if err != nil {
		f.Fatal(err)
	}
	claimed := bytes.Clone(done)
	payload, set, err := c.encodeOutcome(backend.Key{}, claim.Token, backend.Outcome{Bytes: bytes.Repeat([]byte("x"), 100), Retention: time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	done = append(done, payload...)
	done[atState], done[atFlags] = byte(backend.Done), byte(set)
	small, set := c.compression.compress(bytes.Repeat([]byte("x"), 100))
	plain := append(bytes.Clone(header), small...)
	plain[atState], plain[atFlags] = byte(backend.Done), byte(set)
	for _, seed := range [][]byte{nil, header, claimed, done, plain} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		before := bytes.Clone(value)
		found, err := decode(value)
		if err == nil {
			_, err = c.decodeOutcome(backend.Key{}, &found)
		}
		if err != nil && !errors.Is(err, backend.ErrCorrupt) {
			t.Errorf("got error %v, want ErrCorrupt", err)
		}
		if !bytes.Equal(value, before) {
			t.Error("reading has changed the value")
		}
	})
}
