package redisstore

// Sealer encrypts what a store keeps at rest. It must be safe for concurrent
// use, and it leaves the slices that it is given as they are.
type Sealer interface {
	// Seal returns the plaintext, encrypted and authenticated, bound to the
	// context: 32 bytes that name the record.
	Seal(plaintext, context []byte) ([]byte, error)
	// Open returns the plaintext of what Seal returned for the same context.
	// It returns an error for all else; the record then counts as unreadable.
	Open(sealed, context []byte) ([]byte, error)
}
