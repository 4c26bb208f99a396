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

// pack returns an outcome as it stands in Redis.
func (c *config) pack(key backend.Key, outcome backend.Outcome) ([]byte, flags, error) {
	if outcome.NotKept {
		return nil, 0, nil
	}
	payload, set := c.deflate(outcome.Bytes)
	if c.sealer == nil {
		return payload, set, nil
	}
	payload, err := c.sealer.Seal(payload, key[:])
	if err != nil {
		return nil, 0, fmt.Errorf("seal: %w", err)
	}
	return payload, set | sealed, nil
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
func (c *config) unpack(key backend.Key, found *stored) (payload []byte, err error) {
	payload = found.payload
	if found.flags&sealed != 0 {
		if c.sealer == nil {
			return nil, fmt.Errorf("redisstore: %w: sealed, and the store has no sealer", backend.ErrCorrupt)
		}
		if payload, err = c.sealer.Open(payload, key[:]); err != nil {
			return nil, fmt.Errorf("redisstore: %w: %w", backend.ErrCorrupt, err)
		}
	}
	if found.flags&compressed != 0 {
		return inflate(payload)
	}
	return payload, nil
}

func inflate(small []byte) ([]byte, error) {
	n, err := s2.DecodedLen(small)
	if err == nil && n > maxInflated {
		err = fmt.Errorf("%d bytes when decompressed", n)
	}
	if err != nil {
		return nil, fmt.Errorf("redisstore: %w: %w", backend.ErrCorrupt, err)
	}
	plain, err := s2.Decode(nil, small)
	if err != nil {
		return nil, fmt.Errorf("redisstore: %w: %w", backend.ErrCorrupt, err)
	}
	return plain, nil
}
