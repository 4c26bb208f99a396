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

// SealKey is a key for [NewAESGCM].
type SealKey struct {
	// ID identifies the key in sealed records. Never use an ID for a second
	// secret.
	ID uint32
	// Secret is 32 random bytes.
	Secret []byte
}

// AESGCM is a [Sealer] that uses AES-256 in Galois/Counter Mode. It derives a
// separate key for each record from the secret and the context with
// HKDF-SHA-256, so the number of records per secret is not limited. It is safe
// for concurrent use.
type AESGCM struct {
	current uint32
	secrets map[uint32][]byte
}

// NewAESGCM returns a sealer that seals with the current key and opens records
// sealed with the current or an older key. To rotate keys while several
// processes run, first add the new key to all of them as an older key, then
// make it current. Remove a key when the retention of all records that it
// sealed has ended.
//
// It returns an error if two keys have the same ID, or if a secret does not have
// 32 bytes.
func NewAESGCM(current SealKey, older ...SealKey) (*AESGCM, error) {
	a := &AESGCM{current: current.ID, secrets: make(map[uint32][]byte, 1+len(older))}
	for _, key := range append([]SealKey{current}, older...) {
		if _, twice := a.secrets[key.ID]; twice {
			return nil, fmt.Errorf("redisstore: two keys have the ID %d", key.ID)
		}
		if len(key.Secret) != secretSize {
			return nil, fmt.Errorf("redisstore: secret of key %d has %d bytes, want %d", key.ID, len(key.Secret), secretSize)
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
	prefix := make([]byte, keyIDSize, keyIDSize+aead.Overhead()+len(plaintext))
	binary.BigEndian.PutUint32(prefix, a.current)
	return aead.Seal(prefix, nil, plaintext, context), nil //nolint:gosec // the cipher generates a random nonce
}

// Open implements [Sealer].
func (a *AESGCM) Open(sealed, context []byte) ([]byte, error) {
	if len(sealed) < keyIDSize {
		return nil, errors.New("redisstore: sealed data is too short")
	}
	aead, err := a.derive(binary.BigEndian.Uint32(sealed), context)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nil, sealed[keyIDSize:], context)
}

// derive returns the cipher for one context. The cipher generates its nonces.
func (a *AESGCM) derive(id uint32, context []byte) (cipher.AEAD, error) {
	secret, ok := a.secrets[id]
	if !ok {
		return nil, fmt.Errorf("redisstore: sealed by the unknown key %d", id)
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
