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

// sealing seals records if there is a Sealer.
type sealing struct {
	sealer        Sealer // nil to not seal
	prefix        keyPrefix
	unsealedReads bool
}

// sealClaim returns the value of a running record with the seal of its claim.
func (s *sealing) sealClaim(key backend.Key, value []byte) ([]byte, error) {
	if s.sealer == nil {
		return value, nil
	}
	value[0] = formatSealed
	seal, err := s.sealer.Seal(nil, s.claimContext(key, value[atToken:atRetention]))
	if err == nil && len(seal) > math.MaxUint16 {
		err = fmt.Errorf("the seal of an empty plaintext has %d bytes", len(seal))
	}
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	value = binary.BigEndian.AppendUint16(value, uint16(len(seal)))
	return append(value, seal...), nil
}

// sealOutcome returns the sealed payload of a finished record and its flags.
func (s *sealing) sealOutcome(key backend.Key, token backend.Token, outcome backend.Outcome, payload []byte, set flags) ([]byte, flags, error) {
	if s.sealer == nil {
		return payload, set, nil
	}
	set |= sealed
	payload, err := s.sealer.Seal(payload, s.outcomeContext(key, outcome.State(), set, token, encodeRetention(outcome.Retention)))
	if err != nil {
		return nil, 0, fmt.Errorf("seal: %w", err)
	}
	return payload, set, nil
}

// format returns the format of the records that the store writes.
func (s *sealing) format() byte {
	if s.sealer == nil {
		return formatPlain
	}
	return formatSealed
}

// claimContext returns the context of the seal of a claim. The identity is the
// part of the header from the token to the fingerprint.
func (s *sealing) claimContext(key backend.Key, identity []byte) []byte {
	context := append([]byte{claimSealContext, formatSealed}, identity...)
	return append(context, s.prefix.name(key)...)
}

// outcomeContext returns the context of the seal of an outcome.
func (s *sealing) outcomeContext(key backend.Key, state backend.State, set flags, token backend.Token, retention []byte) []byte {
	context := append([]byte{outcomeSealContext, formatSealed, byte(state), byte(set)}, token[:]...)
	context = append(context, retention...)
	return append(context, s.prefix.name(key)...)
}

// unseal returns the payload of a finished record before it was sealed.
func (s *sealing) unseal(key backend.Key, found *stored) ([]byte, error) {
	switch {
	case s.sealer == nil && found.flags&sealed != 0:
		return nil, corrupt("the outcome is sealed, and the store has no sealer")
	case found.format == formatSealed:
		return s.openBoth(key, found)
	case s.sealer == nil:
		return found.payload, nil
	case !s.unsealedReads:
		return nil, corrupt("the header is not sealed, see WithUnsealedReads")
	case found.flags&sealed != 0:
		return s.open(found.payload, key[:])
	default:
		return found.payload, nil
	}
}

// openBoth checks both seals of a finished record and returns its payload.
func (s *sealing) openBoth(key backend.Key, found *stored) ([]byte, error) {
	identity := bytes.Clone(found.Token[:])
	identity = binary.BigEndian.AppendUint32(identity, found.Attempt)
	identity = append(identity, found.Fingerprint[:]...)
	if _, err := s.open(found.claimSeal, s.claimContext(key, identity)); err != nil {
		return nil, err
	}
	payload, err := s.open(found.payload, s.outcomeContext(key, found.State, found.flags, found.Token, encodeRetention(found.retention)))
	if err == nil && found.State == backend.NotKept && len(payload) > 0 {
		return nil, corrupt("a record without outcome has a payload")
	}
	return payload, err
}

func (s *sealing) open(sealed, context []byte) ([]byte, error) {
	plain, err := s.sealer.Open(sealed, context)
	if err != nil {
		return nil, corrupt("%w", err)
	}
	return plain, nil
}
