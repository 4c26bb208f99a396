package redisstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/oncewire/idempotency/backend"
)

// A sealed record has two seals, because no single step has all of its parts.
// The seal of the claim is made by Claim and binds the token, the attempt and
// the fingerprint. The seal of the outcome is made by Complete and binds the
// token, the state, the flags and the retention. Both bind the format and the
// name. Complete copies the claim and its seal unchanged. The token connects the
// two seals, since no two claims have the same token.
//
// The flags and the retention of a running record can change, so they are not
// bound, and the seal of a running record is not checked: anyone who can write
// to Redis can end a claim or create one anyway, by deleting records.

// The first byte of a context says what is sealed. It prevents that one kind of
// seal is accepted as another, or as one of format 1, whose context was the key
// alone.
const (
	claimSealContext   = 'c'
	outcomeSealContext = 'o'
)

// encodeClaim returns the stored value of a claim.
func (c *codec) encodeClaim(key backend.Key, claim *backend.Claim) ([]byte, error) {
	value := encodeClaim(claim)
	if c.sealer == nil {
		return value, nil
	}
	value[0] = formatSealed
	seal, err := c.sealer.Seal(nil, c.claimContext(key, value[atToken:atRetention]))
	if err == nil && len(seal) > math.MaxUint16 {
		err = fmt.Errorf("the seal of an empty plaintext has %d bytes", len(seal))
	}
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	value = binary.BigEndian.AppendUint16(value, uint16(len(seal)))
	return append(value, seal...), nil
}

// format returns the format of the records that the store writes.
func (c *codec) format() byte {
	if c.sealer == nil {
		return formatPlain
	}
	return formatSealed
}

// claimContext returns the context of the seal of a claim. The identity is the
// part of the header from the token to the fingerprint.
func (c *codec) claimContext(key backend.Key, identity []byte) []byte {
	context := append([]byte{claimSealContext, formatSealed}, identity...)
	return append(context, c.prefix.name(key)...)
}

// outcomeContext returns the context of the seal of an outcome.
func (c *codec) outcomeContext(key backend.Key, state backend.State, set flags, token backend.Token, retention []byte) []byte {
	context := append([]byte{outcomeSealContext, formatSealed, byte(state), byte(set)}, token[:]...)
	context = append(context, retention...)
	return append(context, c.prefix.name(key)...)
}

// unseal returns the payload of a finished record before it was sealed.
func (c *codec) unseal(key backend.Key, found *stored) ([]byte, error) {
	switch {
	case c.sealer == nil && found.flags&sealed != 0:
		return nil, corrupt("the outcome is sealed, and the store has no sealer")
	case found.format == formatSealed:
		return c.openBoth(key, found)
	case c.sealer == nil:
		return found.payload, nil
	case !c.unsealedReads:
		return nil, corrupt("the header is not sealed, see WithUnsealedReads")
	case found.flags&sealed != 0:
		return c.open(found.payload, key[:])
	default:
		return found.payload, nil
	}
}

// openBoth checks both seals of a finished record and returns its payload.
func (c *codec) openBoth(key backend.Key, found *stored) ([]byte, error) {
	identity := bytes.Clone(found.Token[:])
	identity = binary.BigEndian.AppendUint32(identity, found.Attempt)
	identity = append(identity, found.Fingerprint[:]...)
	if _, err := c.open(found.claimSeal, c.claimContext(key, identity)); err != nil {
		return nil, err
	}
	payload, err := c.open(found.payload, c.outcomeContext(key, found.State, found.flags, found.Token, encodeRetention(found.retention)))
	if err == nil && found.State == backend.NotKept && len(payload) > 0 {
		return nil, corrupt("a record without outcome has a payload")
	}
	return payload, err
}

func (c *codec) open(sealed, context []byte) ([]byte, error) {
	plain, err := c.sealer.Open(sealed, context)
	if err != nil {
		return nil, corrupt("%w", err)
	}
	return plain, nil
}
