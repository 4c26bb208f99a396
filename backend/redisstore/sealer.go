package redisstore

// Sealer encrypts and authenticates the records of a store. It must be safe for
// concurrent use, and must not change the slices that it receives.
//
// Claim calls Seal once, and Open twice if it finds a finished record. Complete
// calls Seal once.
type Sealer interface {
	// Seal returns the plaintext, encrypted, authenticated and bound to the
	// context. The context identifies the record and contains the parts of its
	// header that must not change. The plaintext may be empty; sealed, an empty
	// plaintext must have less than 64 KiB.
	Seal(plaintext, context []byte) ([]byte, error)
	// Open returns the plaintext of a result of Seal for the same context. It
	// returns an error for any other input; the record is then unreadable.
	Open(sealed, context []byte) ([]byte, error)
}
