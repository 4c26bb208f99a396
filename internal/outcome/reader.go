package outcome

import (
	"errors"
	"fmt"
	"io"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

var errNumber = errors.New("invalid field number")

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
	tag, ok := r.readVarint()
	if !ok {
		return false
	}
	number, kind := protowire.DecodeTag(tag)
	if number < protowire.MinValidNumber {
		return r.fail(errNumber)
	}
	r.number, r.varint, r.from = number, 0, -1
	switch kind {
	case protowire.VarintType:
		r.varint, ok = r.readVarint()
		return ok
	case protowire.BytesType:
		return r.nextBytes()
	default:
		return r.advance(protowire.ConsumeFieldValue(number, kind, r.message[r.at:]))
	}
}

func (r *reader) nextBytes() bool {
	length, ok := r.readVarint()
	if !ok {
		return false
	}
	if length > uint64(len(r.message)-r.at) {
		return r.fail(io.ErrUnexpectedEOF)
	}
	r.from = r.at
	r.at += int(length)
	r.to = r.at
	return true
}

// readVarint has a way of its own for one byte, which nearly all are.
func (r *reader) readVarint() (uint64, bool) {
	if r.at < len(r.message) && r.message[r.at] < 0x80 {
		r.at++
		return uint64(r.message[r.at-1]), true
	}
	value, n := protowire.ConsumeVarint(r.message[r.at:])
	return value, r.advance(n)
}

// advance takes what package protowire returns: a length or an error.
func (r *reader) advance(n int) bool {
	if n < 0 {
		return r.fail(protowire.ParseError(n))
	}
	r.at += n
	return true
}

func (r *reader) fail(err error) bool {
	r.err = fmt.Errorf("%w: %w", ErrFormat, err)
	return false
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
