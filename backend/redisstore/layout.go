package redisstore

import (
	"encoding/binary"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// A record is a header of fixed size, then the payload. The scripts know the
// same offsets.
//
//	 0  format
//	 1  state, as backend.State
//	 2  flags
//	 3  token
//	19  attempt, big-endian
//	23  fingerprint
//	56  retention in milliseconds, big-endian
//	64  payload: what pack made of the outcome
//
// In the sealed format, which a store with a Sealer writes, the seal of the
// claim stands before the payload:
//
//	64  length of the claim's seal, big-endian
//	66  the claim's seal: what the Sealer made of nothing, see sealing.go
//	 …  payload, sealed in every finished record
//
// While a record runs, its expiry is what is left of the lease, plus the
// retention.
const (
	formatPlain  = 1
	formatSealed = 2

	atState       = 1
	atFlags       = 2
	atToken       = 3
	atAttempt     = 19
	atFingerprint = 23
	atRetention   = 56
	headerSize    = 64
	sealSize      = 2 // of the length of the claim's seal
)

// flags says how to read a record.
type flags uint8

const (
	// watched: somebody waits for the record's end, which must be told.
	watched flags = 1 << iota
	// compressed: the outcome is in the S2 block format.
	compressed
	// sealed: what would be the payload went through a Sealer.
	sealed
)

// running returns a claim as it stands in Redis, without a seal.
func running(claim *backend.Claim) []byte {
	b := make([]byte, headerSize)
	b[0], b[atState] = formatPlain, byte(backend.Running)
	copy(b[atToken:], claim.Token[:])
	binary.BigEndian.PutUint32(b[atAttempt:], claim.Attempt)
	copy(b[atFingerprint:], claim.Fingerprint[:])
	binary.BigEndian.PutUint64(b[atRetention:], uint64(millis(claim.Retention)))
	return b
}

// won returns a claim that was just applied as callers see it.
func won(claim *backend.Claim) backend.Record {
	return backend.Record{
		State:       backend.Running,
		Token:       claim.Token,
		Attempt:     claim.Attempt,
		Fingerprint: claim.Fingerprint,
		LeaseLeft:   claim.Lease,
	}
}

// stored is a record as it stands in Redis.
type stored struct {
	backend.Record // without its Outcome and LeaseLeft

	format    byte
	flags     flags
	retention time.Duration
	claimSeal []byte // in the sealed format
	payload   []byte
}

// decode reads a value. What it returns shares the value's memory.
func decode(value []byte) (stored, error) {
	if len(value) < headerSize || value[0] != formatPlain && value[0] != formatSealed {
		return stored{}, corrupt("neither its length nor its format is that of a record")
	}
	retention := binary.BigEndian.Uint64(value[atRetention:])
	if retention > uint64(millis(century)) {
		return stored{}, corrupt("a retention of %d ms", retention)
	}
	s := stored{
		format:    value[0],
		flags:     flags(value[atFlags]),
		retention: time.Duration(retention) * time.Millisecond,
		payload:   value[headerSize:],
	}
	s.State = backend.State(value[atState])
	s.Token = backend.Token(value[atToken:atAttempt])
	s.Attempt = binary.BigEndian.Uint32(value[atAttempt:])
	s.Fingerprint = backend.Fingerprint(value[atFingerprint:atRetention])
	if s.format == formatSealed {
		if err := s.splitSeal(); err != nil {
			return stored{}, err
		}
	}
	return s, s.check()
}

// splitSeal takes the claim's seal from the front of the payload.
func (s *stored) splitSeal() error {
	if len(s.payload) < sealSize {
		return corrupt("too short for the seal of its claim")
	}
	n, rest := int(binary.BigEndian.Uint16(s.payload)), s.payload[sealSize:]
	if n > len(rest) {
		return corrupt("too short for the seal of its claim")
	}
	s.claimSeal, s.payload = rest[:n], rest[n:]
	return nil
}

// meaningful returns the flags that the record can have.
func (s *stored) meaningful() flags {
	switch {
	case s.State == backend.Running:
		return watched
	case s.State == backend.Done:
		return compressed | sealed
	case s.format == formatSealed:
		return sealed
	default:
		return 0
	}
}

// check refuses what no version of this package has written.
func (s *stored) check() error {
	switch {
	case s.State < backend.Running || s.State > backend.NotKept:
		return corrupt("unknown state %d", s.State)
	case s.flags&^s.meaningful() != 0:
		return corrupt("unknown flags %#x", s.flags)
	case s.State == backend.Running && len(s.payload) > 0, s.State == backend.NotKept && s.flags&sealed == 0 && len(s.payload) > 0:
		return corrupt("an outcome where there cannot be one")
	case s.State != backend.Running && s.format == formatSealed && s.flags&sealed == 0:
		return corrupt("an outcome that is not sealed behind a claim that is")
	default:
		return nil
	}
}
