package redisstore

import (
	"encoding/binary"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// A record is a header of fixed size, followed by the payload. The scripts use
// the same offsets.
//
//	 0  format
//	 1  state, as backend.State
//	 2  flags
//	 3  token
//	19  attempt, big-endian
//	23  fingerprint
//	56  retention in milliseconds, big-endian
//	64  payload: the outcome, compressed or not
//
// A store with a Sealer writes the sealed format, in which the seal of the
// claim precedes the payload:
//
//	64  length of the claim's seal, big-endian
//	66  the claim's seal: an empty plaintext, sealed; see sealing.go
//	 …  payload, sealed in every finished record
//
// The expiry of a running record is the rest of its lease plus its retention.
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
	sealLenSize   = 2 // of the length of the claim's seal
)

// flags are the flags of a record.
type flags uint8

const (
	// watched: a process waits for the end of the claim; it must be published.
	watched flags = 1 << iota
	// compressed: the outcome has the S2 block format.
	compressed
	// sealed: the payload was sealed by a Sealer.
	sealed
)

// encodeClaim returns the stored value of a claim, without a seal.
func encodeClaim(claim *backend.Claim) []byte {
	b := make([]byte, headerSize)
	b[0], b[atState] = formatPlain, byte(backend.Running)
	copy(b[atToken:], claim.Token[:])
	binary.BigEndian.PutUint32(b[atAttempt:], claim.Attempt)
	copy(b[atFingerprint:], claim.Fingerprint[:])
	binary.BigEndian.PutUint64(b[atRetention:], uint64(millis(claim.Retention)))
	return b
}

// wonRecord returns the record of a claim that was just applied.
func wonRecord(claim *backend.Claim) backend.Record {
	return backend.Record{
		State:       backend.Running,
		Token:       claim.Token,
		Attempt:     claim.Attempt,
		Fingerprint: claim.Fingerprint,
		LeaseLeft:   claim.Lease,
	}
}

// stored is a decoded value.
type stored struct {
	backend.Record // without Outcome and LeaseLeft

	format    byte
	flags     flags
	retention time.Duration
	claimSeal []byte // only in the sealed format
	payload   []byte
}

// decode decodes a value. The result shares the memory of the value.
func decode(value []byte) (stored, error) {
	if len(value) < headerSize || value[0] != formatPlain && value[0] != formatSealed {
		return stored{}, corrupt("the length or the format is not that of a record")
	}
	retention := binary.BigEndian.Uint64(value[atRetention:])
	if retention > uint64(millis(maxDuration)) {
		return stored{}, corrupt("retention of %d ms is too long", retention)
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

// splitSeal moves the seal of the claim from the payload to claimSeal.
func (s *stored) splitSeal() error {
	if len(s.payload) < sealLenSize {
		return corrupt("too short for the seal of the claim")
	}
	n, rest := int(binary.BigEndian.Uint16(s.payload)), s.payload[sealLenSize:]
	if n > len(rest) {
		return corrupt("too short for the seal of the claim")
	}
	s.claimSeal, s.payload = rest[:n], rest[n:]
	return nil
}

// allowedFlags returns the flags that such a record can have.
func (s *stored) allowedFlags() flags {
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

// check returns an error for a value that no version of this package writes.
func (s *stored) check() error {
	switch {
	case s.State < backend.Running || s.State > backend.NotKept:
		return corrupt("unknown state %d", s.State)
	case s.flags&^s.allowedFlags() != 0:
		return corrupt("unknown flags %#x", s.flags)
	case s.State == backend.Running && len(s.payload) > 0, s.State == backend.NotKept && s.flags&sealed == 0 && len(s.payload) > 0:
		return corrupt("a record without outcome has a payload")
	case s.State != backend.Running && s.format == formatSealed && s.flags&sealed == 0:
		return corrupt("the claim is sealed and the outcome is not")
	default:
		return nil
	}
}
