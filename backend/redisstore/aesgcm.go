package redisstore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// SealKey is a key of [NewAESGCM].
type SealKey struct {
	// ID names the key in what it sealed. It must never be given to another
	// secret.
	ID uint32
	// Secret is 32 random bytes.
	Secret []byte
}

// AESGCM is a [Sealer] by AES-256 in Galois/Counter Mode. Each record is
// sealed under a key of its own, derived from the secret and the context by
// HKDF with SHA-256, so a secret is good for any number of records.
type AESGCM struct {
	current uint32
	secrets map[uint32][]byte
}

// NewAESGCM returns a sealer that seals with the current key, and opens what
// that or an older one has sealed. To rotate keys while several processes run,
// first add the new key to all of them as an older one, then make it current;
// drop a key when the records that it sealed are past their retention.
//
// It returns an error if two keys have one ID, or a secret is not 32 bytes.
func NewAESGCM(current SealKey, older ...SealKey) (*AESGCM, error) {
	a := &AESGCM{current: current.ID, secrets: make(map[uint32][]byte, 1+len(older))}
	for _, key := range append([]SealKey{current}, older...) {
		if _, twice := a.secrets[key.ID]; twice {
			return nil, fmt.Errorf("redisstore: two keys have the ID %d", key.ID)
		}
		if len(key.Secret) != secretSize {
			return nil, fmt.Errorf("redisstore: the secret of key %d has %d bytes, want %d", key.ID, len(key.Secret), secretSize)
		}
		a.secrets[key.ID] = append([]byte(nil), key.Secret...)
	}
	return a, nil
}

const (
	secretSize = 32
	keyIDSize  = 4
	purpose    = "github.com/oncewire/idempotency/backend/redisstore AES-256-GCM "
)

// Seal implements [Sealer]. It returns the ID of the key, a random nonce and
// the ciphertext.
func (a *AESGCM) Seal(plaintext, context []byte) ([]byte, error) {
	aead, err := a.derive(a.current, context)
	if err != nil {
		return nil, err
	}
	room := make([]byte, keyIDSize, keyIDSize+aead.Overhead()+len(plaintext))
	binary.BigEndian.PutUint32(room, a.current)
	return aead.Seal(room, nil, plaintext, context), nil //nolint:gosec // it brings a random nonce of its own
}

// Open implements [Sealer].
func (a *AESGCM) Open(sealed, context []byte) ([]byte, error) {
	if len(sealed) < keyIDSize {
		return nil, errors.New("redisstore: too short to be sealed")
	}
	aead, err := a.derive(binary.BigEndian.Uint32(sealed), context)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nil, sealed[keyIDSize:], context)
}

// derive returns the cipher for one context. It brings its own nonces.
func (a *AESGCM) derive(id uint32, context []byte) (cipher.AEAD, error) {
	secret, ok := a.secrets[id]
	if !ok {
		return nil, fmt.Errorf("redisstore: sealed by key %d, which is not here", id)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, purpose+string(context), secretSize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
