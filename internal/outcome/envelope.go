package outcome

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// format is the version that this code writes, and the only one it reads.
const format = 1

// Numbers of message Outcome.
const (
	outcomeFormat = 1
	outcomeRPC    = 2
	outcomeHTTP   = 3
)

// ErrFormat is returned for bytes that are no outcome, not the kind of outcome
// that was asked for, or written by a version this one does not know.
var ErrFormat = errors.New("unreadable outcome")

// open checks the envelope and returns a reader of the kind.
func open(raw []byte, kind protowire.Number) (reader, error) {
	var version uint64
	var found []byte
	envelope := reader{message: raw}
	for envelope.next() {
		switch envelope.number {
		case outcomeFormat:
			version = envelope.varint
		case kind:
			found = envelope.bytes()
		}
	}
	switch {
	case envelope.err != nil:
		return reader{}, envelope.err
	case version != format:
		return reader{}, fmt.Errorf("%w: format %d", ErrFormat, version)
	case found == nil:
		return reader{}, fmt.Errorf("%w: of another kind", ErrFormat)
	}
	return reader{message: found}, nil
}
