package idempotency

import (
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

// NewFingerprint returns the fingerprint of a request for [Engine.Do]: a SHA-256
// digest of the payload. A key may mean only one request, so a call with the same
// key and another fingerprint is refused with [ErrKeyReused]. The payload must be
// the same bytes in every retry.
func NewFingerprint(payload []byte) backend.Fingerprint {
	return fingerprint.New(fingerprint.Bytes, payload)
}
