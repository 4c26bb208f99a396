package canonical

import (
	"crypto/sha256"
	"hash"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Sizes of the chunks of a writer, in bytes. The first chunk is large enough for
// most messages. Each further one is twice as large as the one before, up to the
// largest.
const (
	firstChunk   = 2 << 10
	largestChunk = 64 << 10
)

// minReferenced is the length, in bytes, from which on a string or bytes field is
// hashed from the message instead of being copied.
const minReferenced = 4 << 10

// writer writes protobuf's wire format from its end to its beginning, so that the
// length of a message is known when it is written. Writing forward would have to
// move or measure the content again at every level of nesting, and a client could
// make that expensive. Written bytes are never moved: they stay in parts, which
// are hashed from the last to the first.
type writer struct {
	chunk      []byte // its bytes [start:end] are the current part; there is room before it
	start, end int
	parts      []part // complete
	partBytes  int    // in parts
	chunks     [][]byte
	used       int // of chunks
	chunkBytes int // in all chunks
	hash       hash.Hash
	hashed     [1 << 10]byte // buffer between a string and the hash
}

// part is a piece of the written bytes, in one of its two fields.
type part struct {
	bytes []byte
	text  string
}

func (w *writer) len() int { return w.partBytes + w.end - w.start }

// reset removes the written bytes and keeps the chunks.
func (w *writer) reset() {
	clear(w.parts) // the pool must not retain the message
	w.parts, w.partBytes = w.parts[:0], 0
	w.chunk, w.start, w.end, w.used = nil, 0, 0, 0
}

// digest returns SHA-256 of the written bytes.
func (w *writer) digest() (sum [sha256.Size]byte) {
	if len(w.parts) == 0 {
		return sha256.Sum256(w.chunk[w.start:w.end])
	}
	if w.hash == nil {
		w.hash = sha256.New()
	}
	w.hash.Reset()
	w.hash.Write(w.chunk[w.start:w.end])
	for _, each := range slices.Backward(w.parts) {
		w.hash.Write(each.bytes)
		for text := each.text; text != ""; {
			n := copy(w.hashed[:], text)
			w.hash.Write(w.hashed[:n])
			text = text[n:]
		}
	}
	copy(sum[:], w.hash.Sum(w.hashed[:0]))
	return sum
}

func (w *writer) bytes(content []byte) {
	if len(content) >= minReferenced {
		w.reference(part{bytes: content})
	} else {
		write(w, content)
	}
}

func (w *writer) string(content string) {
	if len(content) >= minReferenced {
		w.reference(part{text: content})
	} else {
		write(w, content)
	}
}

// write copies the content, into several chunks if it does not fit into one.
func write[T []byte | string](w *writer, content T) {
	for len(content) > w.start {
		rest := len(content) - w.start
		copy(w.chunk, content[rest:])
		content, w.start = content[:rest], 0
		w.nextChunk()
	}
	w.start -= len(content)
	copy(w.chunk[w.start:], content)
}

func (w *writer) varint(value uint64) {
	if value < 0x80 && w.start > 0 {
		w.start--
		w.chunk[w.start] = byte(value)
		return
	}
	protowire.AppendVarint(w.reserve(protowire.SizeVarint(value))[:0], value)
}

func (w *writer) fixed32(value uint32) { protowire.AppendFixed32(w.reserve(4)[:0], value) }

func (w *writer) fixed64(value uint64) { protowire.AppendFixed64(w.reserve(8)[:0], value) }

// wrap writes a tag and a length before everything that was written since the
// writer had the length end.
func (w *writer) wrap(tag uint64, end int) {
	w.varint(uint64(w.len() - end))
	w.varint(tag)
}

// reference completes the current part and puts another one before it, without
// copying that.
func (w *writer) reference(before part) {
	w.completePart()
	w.parts = append(w.parts, before)
	w.partBytes += len(before.bytes) + len(before.text)
}

func (w *writer) completePart() {
	if w.start < w.end {
		w.parts = append(w.parts, part{bytes: w.chunk[w.start:w.end]})
		w.partBytes += w.end - w.start
		w.end = w.start
	}
}

// nextChunk completes the current part and continues in the next chunk.
func (w *writer) nextChunk() {
	w.completePart()
	if w.used == len(w.chunks) {
		size := max(firstChunk, min(2*len(w.chunk), largestChunk))
		w.chunks = append(w.chunks, make([]byte, size))
		w.chunkBytes += size
	}
	w.chunk = w.chunks[w.used]
	w.used++
	w.start, w.end = len(w.chunk), len(w.chunk)
}

// reserve returns n bytes before the written ones; n is small.
func (w *writer) reserve(n int) []byte {
	if n > w.start {
		w.nextChunk()
	}
	w.start -= n
	return w.chunk[w.start : w.start+n]
}
