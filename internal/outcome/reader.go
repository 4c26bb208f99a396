package outcome

import (
	"fmt"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// reader walks over the fields of one message without copying.
type reader struct {
	rest   []byte
	number protowire.Number
	varint uint64 // of a varint field
	bytes  []byte // of a bytes field; never nil then
	err    error
}

// next moves to the next field. Fields of other types are shown with neither
// varint nor bytes, as a newer version may have added them.
func (r *reader) next() bool {
	if len(r.rest) == 0 || r.err != nil {
		return false
	}
	number, kind, n := protowire.ConsumeTag(r.rest)
	if !r.advance(n) {
		return false
	}
	r.number, r.varint, r.bytes = number, 0, nil
	switch kind {
	case protowire.VarintType:
		r.varint, n = protowire.ConsumeVarint(r.rest)
	case protowire.BytesType:
		r.bytes, n = protowire.ConsumeBytes(r.rest)
	default:
		n = protowire.ConsumeFieldValue(number, kind, r.rest)
	}
	return r.advance(n)
}

func (r *reader) advance(n int) bool {
	if n < 0 {
		r.err = fmt.Errorf("%w: %w", ErrFormat, protowire.ParseError(n))
		return false
	}
	r.rest = r.rest[n:]
	return true
}

// text shares the bytes instead of copying them: an outcome never changes
// once it has been handed to the engine (promise 14 of package backend).
func text(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) } //nolint:gosec // see above
