package idempotency

import (
	"context"
	"crypto/rand"

	"github.com/oncewire/idempotency/internal/clientkey"
	"github.com/oncewire/idempotency/internal/keytext"
)

// NewKey returns a new key for a client to send: a random UUID (RFC 9562,
// version 4). Make one for each effect that is to happen once, and send the same
// key with every retry.
func NewKey() string {
	var random [16]byte
	rand.Read(random[:]) // never fails
	return keytext.UUID(random, 4)
}

// WithKey returns a context whose outgoing calls carry the key, if they go
// through a client interceptor of this library.
func WithKey(ctx context.Context, key string) context.Context {
	return clientkey.With(ctx, key)
}
