// Package keytext reads and writes the text forms of idempotency keys: quoted
// strings (RFC 9651) and UUIDs (RFC 9562). It imports the standard library only,
// so that the root package can import it.
package keytext
