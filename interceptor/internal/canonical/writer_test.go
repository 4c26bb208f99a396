package canonical

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
)

// TestWriterCrossesChunks writes content that does not fit into one chunk, in
// pieces and at once, and then again with the same chunks.
func TestWriterCrossesChunks(t *testing.T) {
	var w writer
	for range 2 {
		w.reset()
		var want []byte
		before := func(piece string) { want = append([]byte(piece), want...) }
		for n := range 200 {
			text := strings.Repeat(string(rune('a'+n%26)), n*n%(minReferenced+100))
			since := w.len()
			w.bytes([]byte(text))
			w.string(text)
			w.wrap(0x12, since)
			before(text + text)
			var head writer
			head.varint(uint64(2 * len(text)))
			before("\x12" + string(written(&head)))
		}
		if got := written(&w); !bytes.Equal(got, want) || w.len() != len(want) {
			t.Fatalf("%d bytes written, want %d", len(got), len(want))
		}
		if w.digest() != sha256.Sum256(want) {
			t.Error("the digest is not that of what was written")
		}
	}
}
