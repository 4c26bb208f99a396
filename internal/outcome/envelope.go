package outcome

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// newEnvelope returns an Outcome up to the content of its kind, which the caller
// appends. The buffer has room for exactly contentSize more bytes.
func newEnvelope(kind protowire.Number, contentSize int) []byte {
	size := sizeVarint(outcomeFormat, format) + sizeBytes(kind, contentSize)
	buffer := make([]byte, 0, size)
	buffer = appendVarint(buffer, outcomeFormat, format)
	return appendLength(buffer, kind, contentSize)
}

// readEnvelope checks the format of an Outcome and returns a reader of the content
// of its kind.
func readEnvelope(raw []byte, kind protowire.Number) (reader, error) {
	var version uint64
	var content []byte
	envelope := reader{message: raw}
	for envelope.next() {
		switch envelope.number {
		case outcomeFormat:
			version = envelope.varint
		case kind:
			content = envelope.bytes()
		}
	}
	switch {
	case envelope.err != nil:
		return reader{}, envelope.err
	case version != format:
		return reader{}, fmt.Errorf("%w: format %d", ErrFormat, version)
	case content == nil:
		return reader{}, fmt.Errorf("%w: of another kind", ErrFormat)
	}
	return reader{message: content}, nil
}
