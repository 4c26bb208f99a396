package redisstore

import (
	"fmt"

	"github.com/klauspost/compress/s2"

	"github.com/oncewire/idempotency/backend"
)

// maxInflated bounds what a stored record may grow to when it is read: a few
// bytes that somebody else wrote must not fill the memory. Larger outcomes are
// stored as they are.
const maxInflated = 64 << 20

// pack returns an outcome as it stands in Redis. What was not kept has an empty
// payload, which is sealed too: only a holder of the secret can have written it.
func (c *config) pack(key backend.Key, token backend.Token, outcome backend.Outcome) ([]byte, flags, error) {
	var payload []byte
	var set flags
	if !outcome.NotKept {
		payload, set = c.deflate(outcome.Bytes)
	}
	if c.sealer == nil {
		return payload, set, nil
	}
	set |= sealed
	payload, err := c.sealer.Seal(payload, c.outcomeContext(key, outcome.State(), set, token, bigEndian(outcome.Retention)))
	if err != nil {
		return nil, 0, fmt.Errorf("seal: %w", err)
	}
	return payload, set, nil
}

func (c *config) deflate(plain []byte) ([]byte, flags) {
	if !c.compress || len(plain) < c.compressFrom || len(plain) > maxInflated {
		return plain, 0
	}
	if small := s2.Encode(nil, plain); len(small) < len(plain) {
		return small, compressed
	}
	return plain, 0
}

// unpack returns the outcome of a finished record.
func (c *config) unpack(key backend.Key, found *stored) ([]byte, error) {
	payload, err := c.unseal(key, found)
	if err == nil && found.flags&compressed != 0 {
		return inflate(payload)
	}
	return payload, err
}

func inflate(small []byte) ([]byte, error) {
	n, err := s2.DecodedLen(small)
	if err == nil && n > maxInflated {
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
