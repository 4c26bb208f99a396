package rpc

import "google.golang.org/protobuf/encoding/protowire"

// writer writes protobuf's wire format from its end to its beginning, so that
// the length of a message is known when it is written. Written forward, every
// level of nesting would have to move or measure what is inside it again, and
// a client could make that expensive.
type writer struct {
	buffer []byte
	start  int // of what has been written, which goes to the end
}

func (w *writer) written() []byte { return w.buffer[w.start:] }

func (w *writer) len() int { return len(w.buffer) - w.start }

func (w *writer) reset() { w.start = len(w.buffer) }

// room returns n bytes before what has been written.
func (w *writer) room(n int) []byte {
	if n > w.start {
		grown := make([]byte, 2*len(w.buffer)+n+64)
		start := len(grown) - w.len()
		copy(grown[start:], w.written())
		w.buffer, w.start = grown, start
	}
	w.start -= n
	return w.buffer[w.start : w.start+n]
}

func (w *writer) bytes(content []byte) { copy(w.room(len(content)), content) }

func (w *writer) string(content string) { copy(w.room(len(content)), content) }

func (w *writer) varint(value uint64) {
	protowire.AppendVarint(w.room(protowire.SizeVarint(value))[:0], value)
}

func (w *writer) fixed32(value uint32) { protowire.AppendFixed32(w.room(4)[:0], value) }

func (w *writer) fixed64(value uint64) { protowire.AppendFixed64(w.room(8)[:0], value) }

func (w *writer) tag(number protowire.Number, kind protowire.Type) {
	w.varint(protowire.EncodeTag(number, kind))
}

// wrap puts a tag and a length before everything that was written since the
// writer had the given length.
func (w *writer) wrap(number protowire.Number, since int) {
	w.varint(uint64(w.len() - since))
	w.tag(number, protowire.BytesType)
}
