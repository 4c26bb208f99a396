package outcome

import (
	"errors"
	"fmt"
	"io"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrFormat is returned for bytes that are not an outcome, for an outcome of the
// other kind, and for a format that this version does not know.
var ErrFormat = errors.New("unreadable outcome")

var errNumber = errors.New("invalid field number")

// reader iterates over the fields of one message without copying. It advances an
// offset, not a slice, which is cheaper because it stores no pointer.
type reader struct {
	message  []byte
	at       int // where the next field begins
	number   protowire.Number
	varint   uint64 // of a varint field
	from, to int    // of a bytes field; from is -1 for other types
	err      error
}

// next advances to the next field. It reports false at the end of the message and
// after an error. A field of another type than varint and bytes, which a later
// version may add, has neither a varint nor bytes.
func (r *reader) next() bool {
	if r.at >= len(r.message) || r.err != nil {
		return false
	}
	tag, ok := r.short()
	if !ok {
		if tag, ok = r.long(); !ok {
			return false
		}
	}
	number, kind := protowire.DecodeTag(tag)
	if number < protowire.MinValidNumber {
		return r.fail(errNumber)
	}
	r.number, r.varint, r.from = number, 0, -1
	switch kind {
	case protowire.BytesType:
		return r.readBytes()
	case protowire.VarintType:
		if r.varint, ok = r.short(); !ok {
			r.varint, ok = r.long()
		}
		return ok
	default:
		return r.advance(protowire.ConsumeFieldValue(number, kind, r.message[r.at:]))
	}
}

func (r *reader) readBytes() bool {
	length, ok := r.short()
	if !ok {
		if length, ok = r.long(); !ok {
			return false
		}
	}
	if length > uint64(len(r.message)-r.at) {
		return r.fail(io.ErrUnexpectedEOF)
	}
	r.from = r.at
	r.at += int(length)
	r.to = r.at
	return true
}

// short reads a varint of one byte, as nearly all are. It is apart from long so that
// the compiler inlines it.
func (r *reader) short() (uint64, bool) {
	if r.at < len(r.message) && r.message[r.at] < 0x80 {
		r.at++
		return uint64(r.message[r.at-1]), true
	}
	return 0, false
}

// long reads any other varint.
func (r *reader) long() (uint64, bool) {
	value, n := protowire.ConsumeVarint(r.message[r.at:])
	return value, r.advance(n)
}

// advance takes what package protowire returns: a length, or a negative error code.
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

// bytes returns the content of a bytes field, never nil, and nil for a field of
// another type.
func (r *reader) bytes() []byte {
	if r.from < 0 {
		return nil
	}
	return r.message[r.from:r.to:r.to]
}

// text shares the bytes instead of copying them. An outcome never changes after it
// was passed to the engine (promise 14 of package backend).
func text(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) } //nolint:gosec // see above
