package redisstore

import (
	"fmt"

	"github.com/klauspost/compress/s2"

	"github.com/oncewire/idempotency/backend"
)

// maxDecompressed limits the size of a decompressed outcome, so that a few
// bytes written by someone else cannot fill the memory. Larger outcomes are
// stored uncompressed.
const maxDecompressed = 64 << 20

// codec converts claims and outcomes to stored values and back.
type codec struct {
	prefix        keyPrefix
	sealer        Sealer // nil to not seal
	unsealedReads bool
	compress      bool
	compressFrom  int
}

// encodeOutcome returns the payload and the flags of a finished record. An
// outcome that is not kept has an empty payload. It is sealed too, so that only
// a holder of the secret can write such a record.
func (c *codec) encodeOutcome(key backend.Key, token backend.Token, outcome backend.Outcome) ([]byte, flags, error) {
	var payload []byte
	var set flags
	if !outcome.NotKept {
		payload, set = c.compressed(outcome.Bytes)
	}
	if c.sealer == nil {
		return payload, set, nil
	}
	set |= sealed
	payload, err := c.sealer.Seal(payload, c.outcomeContext(key, outcome.State(), set, token, encodeRetention(outcome.Retention)))
	if err != nil {
		return nil, 0, fmt.Errorf("seal: %w", err)
	}
	return payload, set, nil
}

// compressed returns the outcome, compressed if the options ask for it and it
// gets smaller.
func (c *codec) compressed(plain []byte) ([]byte, flags) {
	if !c.compress || len(plain) < c.compressFrom || len(plain) > maxDecompressed {
		return plain, 0
	}
	if small := s2.Encode(nil, plain); len(small) < len(plain) {
		return small, compressed
	}
	return plain, 0
}

// decodeOutcome returns the outcome of a finished record.
func (c *codec) decodeOutcome(key backend.Key, found *stored) ([]byte, error) {
	payload, err := c.unseal(key, found)
	if err == nil && found.flags&compressed != 0 {
		return decompress(payload)
	}
	return payload, err
}

func decompress(small []byte) ([]byte, error) {
	n, err := s2.DecodedLen(small)
	if err == nil && n > maxDecompressed {
		err = fmt.Errorf("%d bytes when decompressed", n)
	}
	if err != nil {
		return nil, corrupt("%w", err)
	}
	plain, err := s2.Decode(nil, small)
	if err != nil {
		return nil, corrupt("%w", err)
	}
	return plain, nil
}
