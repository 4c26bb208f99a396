package redisstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/oncewire/idempotency/backend"
)

// A sealed record has two seals, since no step knows all of it: the claim's,
// made with the claim, binds the token, the attempt and the fingerprint; the
// outcome's, made with the completion, binds the token, the state, the flags
// and the retention. Both bind the format and the name. The scripts copy the
// claim and its seal as they stand, and the token ties the two seals together,
// as no two claims have the same.
//
// While a record runs, its flags and its retention may change, so nothing
// binds them, and the seal is not looked at: who can write to Redis can end or
// invent a claim in any case, by deleting records.

// The first byte of a context says what is sealed, so that none can stand in
// for another, nor for the bare key, which was the context of format 1.
const (
	ofClaim   = 'c'
	ofOutcome = 'o'
)

// running returns a claim as it stands in Redis.
func (c *config) running(key backend.Key, claim *backend.Claim) ([]byte, error) {
	value := running(claim)
	if c.sealer == nil {
		return value, nil
	}
	value[0] = formatSealed
	seal, err := c.sealer.Seal(nil, c.claimContext(key, value[atToken:atRetention]))
	if err == nil && len(seal) > math.MaxUint16 {
		err = fmt.Errorf("the seal of nothing has %d bytes", len(seal))
	}
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	value = binary.BigEndian.AppendUint16(value, uint16(len(seal)))
	return append(value, seal...), nil
}

// format returns that of the records which the store writes.
func (c *config) format() byte {
	if c.sealer == nil {
		return formatPlain
	}
	return formatSealed
}

// claimContext is what a claim's seal binds; identity is the part of the header
// from the token to the fingerprint.
func (c *config) claimContext(key backend.Key, identity []byte) []byte {
	context := append([]byte{ofClaim, formatSealed}, identity...)
	return append(context, c.name(key)...)
}

// outcomeContext is what an outcome's seal binds.
func (c *config) outcomeContext(key backend.Key, state backend.State, set flags, token backend.Token, retention []byte) []byte {
	context := append([]byte{ofOutcome, formatSealed, byte(state), byte(set)}, token[:]...)
	context = append(context, retention...)
	return append(context, c.name(key)...)
}

// unseal returns the payload of a finished record as it was before the sealer.
func (c *config) unseal(key backend.Key, found *stored) ([]byte, error) {
	switch {
	case c.sealer == nil && found.flags&sealed != 0:
		return nil, corrupt("sealed, and the store has no sealer")
	case found.format == formatSealed:
		return c.open(key, found)
	case c.sealer == nil:
		return found.payload, nil
	case !c.unsealedReads:
		return nil, corrupt("its header is not sealed, see WithUnsealedReads")
	case found.flags&sealed != 0:
		return c.opened(found.payload, key[:])
	default:
		return found.payload, nil
	}
}

// open checks both seals of a finished record.
func (c *config) open(key backend.Key, found *stored) ([]byte, error) {
	identity := bytes.Clone(found.Token[:])
	identity = binary.BigEndian.AppendUint32(identity, found.Attempt)
	identity = append(identity, found.Fingerprint[:]...)
	if _, err := c.opened(found.claimSeal, c.claimContext(key, identity)); err != nil {
		return nil, err
	}
	payload, err := c.opened(found.payload, c.outcomeContext(key, found.State, found.flags, found.Token, bigEndian(found.retention)))
	if err == nil && found.State == backend.NotKept && len(payload) > 0 {
		return nil, corrupt("an outcome where there cannot be one")
	}
	return payload, err
}

func (c *config) opened(sealed, context []byte) ([]byte, error) {
	plain, err := c.sealer.Open(sealed, context)
	if err != nil {
		return nil, corrupt("%w", err)
	}
	return plain, nil
}
