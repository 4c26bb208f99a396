package outcome

import (
	"fmt"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// reader walks over the fields of one message without copying. It moves an
// offset and not a slice: that is cheaper, since it stores no pointer.
type reader struct {
	message  []byte
	at       int // where the next field begins
	number   protowire.Number
	varint   uint64 // of a varint field
	from, to int    // of a bytes field; from is -1 for another
	err      error
}

// next moves to the next field. Fields of other types are shown with neither
// varint nor bytes, as a newer version may have added them.
func (r *reader) next() bool {
	if r.at >= len(r.message) || r.err != nil {
		return false
	}
	number, kind, n := protowire.ConsumeTag(r.message[r.at:])
	if !r.advance(n) {
		return false
	}
	r.number, r.varint, r.from = number, 0, -1
	switch kind {
	case protowire.VarintType:
		r.varint, n = protowire.ConsumeVarint(r.message[r.at:])
		return r.advance(n)
	case protowire.BytesType:
		return r.nextBytes()
	default:
		return r.advance(protowire.ConsumeFieldValue(number, kind, r.message[r.at:]))
	}
}

func (r *reader) nextBytes() bool {
	bytes, n := protowire.ConsumeBytes(r.message[r.at:])
	if !r.advance(n) {
		return false
	}
	r.from, r.to = r.at-len(bytes), r.at
	return true
}

func (r *reader) advance(n int) bool {
	if n < 0 {
		r.err = fmt.Errorf("%w: %w", ErrFormat, protowire.ParseError(n))
		return false
	}
	r.at += n
	return true
}

// bytes returns a bytes field, never nil, and nil for a field of another type.
func (r *reader) bytes() []byte {
	if r.from < 0 {
		return nil
	}
	return r.message[r.from:r.to:r.to]
}

// text shares the bytes instead of copying them: an outcome never changes
// once it has been handed to the engine (promise 14 of package backend).
func text(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) } //nolint:gosec // see above
