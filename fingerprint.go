package idempotency

import (
	"crypto/sha256"

	"github.com/oncewire/idempotency/backend"
)

// Fingerprint is a digest of a request, led by the algorithm that made it.
type Fingerprint = backend.Fingerprint

// Algorithm names how a fingerprint was made. It is stored with the record,
// so that a rolling upgrade that changes the algorithm does not mistake a
// retry for another request. The values never change their meaning.
type Algorithm byte

const (
	// AlgorithmNone is that of the zero Fingerprint, which is not compared.
	AlgorithmNone Algorithm = 0
	// AlgorithmBytes is SHA-256 over the payload's bytes.
	AlgorithmBytes Algorithm = 1
	// AlgorithmProto is SHA-256 over the canonical wire form of a message.
	AlgorithmProto Algorithm = 2
	// AlgorithmHTTP is SHA-256 over host, path, named header fields, query,
	// content coding, content type and body.
	AlgorithmHTTP Algorithm = 3
	// AlgorithmHTTPJSON is AlgorithmHTTP with a JSON body in canonical form.
	AlgorithmHTTPJSON Algorithm = 4
	// AlgorithmHTTPJSONNumbers is AlgorithmHTTPJSON with numbers written by
	// their value.
	AlgorithmHTTPJSONNumbers Algorithm = 5
	// AlgorithmHTTPMultipart is AlgorithmHTTP with the parts of a multipart
	// body in place of its bytes, so that its boundary does not matter.
	AlgorithmHTTPMultipart Algorithm = 6
	// AlgorithmHTTPCustom is SHA-256 over host, path, named header fields and
	// what a function of the program made of the rest.
	AlgorithmHTTPCustom Algorithm = 7
)

// Rehasher is a request that can make its fingerprint by several algorithms.
type Rehasher interface {
	// Rehash returns the fingerprint by the named algorithm, or false when
	// it does not know that one.
	Rehash(algorithm Algorithm) (Fingerprint, bool)
}

// NewFingerprint digests a payload in its canonical form under the name of
// the algorithm that chose the form.
func NewFingerprint(algorithm Algorithm, payload []byte) (made Fingerprint) {
	digest := sha256.Sum256(payload)
	made[0] = byte(algorithm)
	copy(made[1:], digest[:])
	return made
}

// sameRequest compares a call's own fingerprint with that of a record. Where both
// cannot be brought to one algorithm, because a newer version of the program
// wrote the record, they count as the same: a replay is then right far more often
// than a refusal.
func sameRequest(own Fingerprint, rehasher Rehasher, stored Fingerprint) bool {
	if stored == own {
		return true
	}
	algorithm := Algorithm(stored[0])
	if algorithm == AlgorithmNone || Algorithm(own[0]) == AlgorithmNone {
		return true
	}
	if algorithm == Algorithm(own[0]) {
		return false
	}
	if rehasher == nil {
		return true
	}
	again, known := rehasher.Rehash(algorithm)
	return !known || again == stored
}
