package idempotency

import (
	"context"
	"crypto/rand"

	"github.com/oncewire/idempotency/internal/keytext"
)

// NewKey returns a fresh key for a client to send: a random UUID (RFC 9562,
// version 4). Make one for each thing that is to happen once, and keep it for
// every retry.
func NewKey() string {
	var random [16]byte
	rand.Read(random[:]) // never fails
	return keytext.UUID(random, 4)
}

type outgoingKey struct{}

// WithKey returns a context whose outgoing calls carry the key, if they go
// through a client interceptor of this library.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, outgoingKey{}, key)
}

// OutgoingKey returns the key that WithKey put into the context.
func OutgoingKey(ctx context.Context) (string, bool) {
	key, ok := ctx.Value(outgoingKey{}).(string)
	return key, ok
}
