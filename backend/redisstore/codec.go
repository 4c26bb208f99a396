package redisstore

import (
	"github.com/oncewire/idempotency/backend"
)

// codec converts claims and outcomes to stored values, and outcomes back.
type codec struct {
	sealing     sealing
	compression compression
}

// encodeClaim returns the stored value of a claim.
func (c *codec) encodeClaim(key backend.Key, claim *backend.Claim) ([]byte, error) {
	return c.sealing.sealClaim(key, encodeClaim(claim))
}

// encodeOutcome returns the payload and the flags of a finished record. An
// outcome that is not kept has an empty payload. It is sealed too, so that only
// a holder of the secret can write such a record.
func (c *codec) encodeOutcome(key backend.Key, token backend.Token, outcome backend.Outcome) ([]byte, flags, error) {
	var payload []byte
	var set flags
	if !outcome.NotKept {
		payload, set = c.compression.compress(outcome.Bytes)
	}
	return c.sealing.sealOutcome(key, token, outcome, payload, set)
}

// decodeOutcome returns the outcome of a finished record.
func (c *codec) decodeOutcome(key backend.Key, found *stored) ([]byte, error) {
	payload, err := c.sealing.unseal(key, found)
	if err == nil && found.flags&compressed != 0 {
		return decompress(payload)
	}
	return payload, err
}
