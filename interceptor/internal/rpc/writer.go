package rpc

import (
	"crypto/sha256"
	"hash"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Sizes of the chunks of a writer, in bytes. The first one holds the usual
// message; each one after it is twice as large as the one before, up to the
// largest.
const (
	firstChunk   = 2 << 10
	largestChunk = 64 << 10
)

// leastBorrowed is the length, in bytes, from which on a string or bytes field
// is digested where it lies in the message instead of being copied.
const leastBorrowed = 4 << 10

// writer writes protobuf's wire format from its end to its beginning, so that
// the length of a message is known when it is written. Written forward, every
// level of nesting would have to move or measure what is inside it again, and
// a client could make that expensive. Nothing that is written is moved: it
// stays in parts, which are digested from the last to the first.
type writer struct {
	chunk      []byte // has a part in [start:end], before which there is room
	start, end int
	parts      []part // that are complete
	behind     int    // bytes in parts
	chunks     [][]byte
	used       int // of chunks
	size       int // of all chunks, in bytes
	hash       hash.Hash
	scratch    [1 << 10]byte // on its way into the hash
}

// part is a piece of what has been written, in one of its two fields.
type part struct {
	bytes []byte
	text  string
}

func (w *writer) len() int { return w.behind + w.end - w.start }

// reset forgets what has been written and keeps the chunks.
func (w *writer) reset() {
	clear(w.parts) // the pool must not keep the message
	w.parts, w.behind = w.parts[:0], 0
	w.chunk, w.start, w.end, w.used = nil, 0, 0, 0
}

// borrow completes the part that is being written and puts another before it.
func (w *writer) borrow(before part) {
	w.cut()
	w.parts = append(w.parts, before)
	w.behind += len(before.bytes) + len(before.text)
}

func (w *writer) cut() {
	if w.start < w.end {
		w.parts = append(w.parts, part{bytes: w.chunk[w.start:w.end]})
		w.behind += w.end - w.start
		w.end = w.start
	}
}

// turn goes on to the next chunk.
func (w *writer) turn() {
	w.cut()
	if w.used == len(w.chunks) {
		size := max(firstChunk, min(2*len(w.chunk), largestChunk))
		w.chunks = append(w.chunks, make([]byte, size))
		w.size += size
	}
	w.chunk = w.chunks[w.used]
	w.used++
	w.start, w.end = len(w.chunk), len(w.chunk)
}

// digest is SHA-256 over what has been written.
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
			n := copy(w.scratch[:], text)
			w.hash.Write(w.scratch[:n])
			text = text[n:]
		}
	}
	copy(sum[:], w.hash.Sum(w.scratch[:0]))
	return sum
}

// room returns n bytes, which are few, before what has been written.
func (w *writer) room(n int) []byte {
	if n > w.start {
		w.turn()
	}
	w.start -= n
	return w.chunk[w.start : w.start+n]
}

func (w *writer) bytes(content []byte) {
	if len(content) >= leastBorrowed {
		w.borrow(part{bytes: content})
	} else {
		write(w, content)
	}
}

func (w *writer) string(content string) {
	if len(content) >= leastBorrowed {
		w.borrow(part{text: content})
	} else {
		write(w, content)
	}
}

// write copies the content, into several chunks where one has no room for it.
func write[T []byte | string](w *writer, content T) {
	for len(content) > w.start {
		rest := len(content) - w.start
		copy(w.chunk, content[rest:])
		content, w.start = content[:rest], 0
		w.turn()
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
	protowire.AppendVarint(w.room(protowire.SizeVarint(value))[:0], value)
}

func (w *writer) fixed32(value uint32) { protowire.AppendFixed32(w.room(4)[:0], value) }

func (w *writer) fixed64(value uint64) { protowire.AppendFixed64(w.room(8)[:0], value) }

// wrap puts a tag and a length before everything that was written since the
// writer had the given length.
func (w *writer) wrap(tag uint64, since int) {
	w.varint(uint64(w.len() - since))
	w.varint(tag)
}
