package fingerprint

import (
	"crypto/sha256"

	"github.com/oncewire/idempotency/backend"
)

// The algorithms. A fingerprint starts with its algorithm, and is stored with the
// record, so that an upgrade which changes the algorithm does not mistake a retry
// for another request. The values never change their meaning.
const (
	// None is the algorithm of the zero fingerprint, which is never compared.
	None byte = 0
	// Bytes is SHA-256 of the payload's bytes.
	Bytes byte = 1
	// Proto is SHA-256 of the canonical wire form of a protobuf message.
	Proto byte = 2
	// HTTP is SHA-256 of host, path, named header fields, query, content coding,
	// content type and body.
	HTTP byte = 3
	// HTTPJSON is HTTP with a JSON body in canonical form.
	HTTPJSON byte = 4
	// HTTPJSONNumbers is HTTPJSON with numbers written by their value.
	HTTPJSONNumbers byte = 5
	// HTTPMultipart is HTTP with the parts of a multipart body in place of its
	// bytes, so that its boundary does not matter.
	HTTPMultipart byte = 6
	// HTTPCustom is SHA-256 of host, path, named header fields and what a function
	// of the program made of the rest.
	HTTPCustom byte = 7
	// ProtoKey is Proto for messages that have a field for the key, without that
	// field. Whether the field is set does not matter.
	ProtoKey byte = 8
)

// New returns the SHA-256 digest of a payload whose form the algorithm names.
func New(algorithm byte, payload []byte) (made backend.Fingerprint) {
	digest := sha256.Sum256(payload)
	made[0] = algorithm
	copy(made[1:], digest[:])
	return made
}

// Rehasher makes the fingerprint of a request by other algorithms.
type Rehasher interface {
	// Rehash returns the fingerprint by the algorithm, or false if it does not
	// know the algorithm.
	Rehash(algorithm byte) (backend.Fingerprint, bool)
}

// Same reports whether a request with its own fingerprint is the one whose
// fingerprint is stored. The rehasher may be nil. If the two cannot be compared
// by one algorithm, because a newer version of the program wrote the record, they
// count as the same: a retry during an upgrade is far more likely than a reused
// key.
func Same(own backend.Fingerprint, rehasher Rehasher, stored backend.Fingerprint) bool {
	if stored == own {
		return true
	}
	algorithm := stored[0]
	if algorithm == None || own[0] == None {
		return true
	}
	if algorithm == own[0] {
		return false
	}
	if rehasher == nil {
		return true
	}
	again, known := rehasher.Rehash(algorithm)
	return !known || again == stored
}
