package redisstore

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// A record is a header of fixed size, then the payload. The scripts know the
// same offsets.
//
//	 0  format, 1
//	 1  state, as backend.State
//	 2  flags
//	 3  token
//	19  attempt, big-endian
//	23  fingerprint
//	56  retention in milliseconds, big-endian
//	64  payload: what pack made of the outcome
//
// While a record runs, its expiry is what is left of the lease, plus the
// retention.
const (
	format = 1

	atState       = 1
	atFlags       = 2
	atToken       = 3
	atAttempt     = 19
	atFingerprint = 23
	atRetention   = 56
	headerSize    = 64
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

// running returns a claim as it stands in Redis.
func running(claim *backend.Claim) []byte {
	b := make([]byte, headerSize)
	b[0], b[atState] = format, byte(backend.Running)
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

	flags     flags
	retention time.Duration
	payload   []byte
}

// decode reads a value. What it returns shares the value's memory.
func decode(value []byte) (stored, error) {
	if len(value) < headerSize || value[0] != format {
		return stored{}, fmt.Errorf("redisstore: %w: neither its length nor its format is that of a record", backend.ErrCorrupt)
	}
	retention := binary.BigEndian.Uint64(value[atRetention:])
	if retention > uint64(millis(century)) {
		return stored{}, fmt.Errorf("redisstore: %w: a retention of %d ms", backend.ErrCorrupt, retention)
	}
	s := stored{
		flags:     flags(value[atFlags]),
		retention: time.Duration(retention) * time.Millisecond,
		payload:   value[headerSize:],
	}
	s.State = backend.State(value[atState])
	s.Token = backend.Token(value[atToken:atAttempt])
	s.Attempt = binary.BigEndian.Uint32(value[atAttempt:])
	s.Fingerprint = backend.Fingerprint(value[atFingerprint:atRetention])
	return s, s.check()
}

// meaningful are the flags that a record in a state can have.
var meaningful = [...]flags{
	backend.Running: watched,
	backend.Done:    compressed | sealed,
	backend.NotKept: 0,
}

// check refuses what no version of this package has written.
func (s *stored) check() error {
	if s.State < backend.Running || s.State > backend.NotKept {
		return fmt.Errorf("redisstore: %w: unknown state %d", backend.ErrCorrupt, s.State)
	}
	switch {
	case s.flags&^meaningful[s.State] != 0:
		return fmt.Errorf("redisstore: %w: unknown flags %#x", backend.ErrCorrupt, s.flags)
	case s.State != backend.Done && len(s.payload) > 0:
		return fmt.Errorf("redisstore: %w: an outcome where there cannot be one", backend.ErrCorrupt)
	default:
		return nil
	}
}
