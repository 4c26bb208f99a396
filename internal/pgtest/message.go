package pgtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// Sends reports whether bytes from a client of pgx to a server have a statement run:
// as its text, or as the name that pgx gives to it when it is prepared.
func Sends(message []byte, sql string) bool {
	digest := sha256.Sum256([]byte(sql))
	name := "stmtcache_" + hex.EncodeToString(digest[:24])
	bound := append(append([]byte{0}, name...), 0) // after the empty name of the portal
	text := append(append([]byte{0}, sql...), 0)   // after the empty name of the statement
	query := append(append([]byte{0, 0, 0, byte(len(sql) + 5)}, sql...), 0)
	return bytes.Contains(message, bound) || bytes.Contains(message, text) || bytes.Contains(message, query)
}

// Replies reports whether bytes from a server say that a command is complete, such as
// "INSERT 0 1" or "COMMIT".
func Replies(message []byte, tag string) bool {
	complete := append([]byte{'C', 0, 0, 0, byte(len(tag) + 5)}, tag...)
	return bytes.Contains(message, append(complete, 0))
}
