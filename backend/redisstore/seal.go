package redisstore

// Sealer encrypts and authenticates what a store keeps at rest. It must be safe
// for concurrent use, and it leaves the slices that it is given as they are.
//
// Claim calls Seal once, and Open twice where it finds a finished record;
// Complete calls Seal once.
type Sealer interface {
	// Seal returns the plaintext, encrypted and authenticated, bound to the
	// context: bytes that name the record and hold what of its header must not
	// change. The plaintext may be empty; what Seal makes of that must have
	// less than 64 KiB.
	Seal(plaintext, context []byte) ([]byte, error)
	// Open returns the plaintext of what Seal returned for the same context.
	// It returns an error for all else; the record then counts as unreadable.
	Open(sealed, context []byte) ([]byte, error)
}
