package idempotency

import (
	"crypto/sha256"
	"encoding/binary"
)

// digestParts digests a list of texts. It puts the length of each before it, so
// that no choice of parts can look like another.
func digestParts(parts ...string) [32]byte {
	buffer := make([]byte, 0, 512)
	for _, part := range parts {
		buffer = binary.AppendUvarint(buffer, uint64(len(part)))
		buffer = append(buffer, part...)
	}
	return sha256.Sum256(buffer)
}
