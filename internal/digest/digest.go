package digest

import (
	"crypto/sha256"
	"encoding/binary"
)

// Parts returns the digest of a list of texts. The length of each part precedes
// it, so two different lists never give the same input to the digest.
func Parts(parts ...string) [sha256.Size]byte {
	buffer := make([]byte, 0, 512)
	for _, part := range parts {
		buffer = binary.AppendUvarint(buffer, uint64(len(part)))
		buffer = append(buffer, part...)
	}
	return sha256.Sum256(buffer)
}
