package pgtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// Sends reports whether bytes from a client of pgx to a server have a statement run:
// as its text, alone or among others, or under the name that pgx prepares it with.
func Sends(message []byte, sql string) bool {
	if bytes.HasPrefix(message, []byte{'Q'}) { // simple protocol
		return bytes.Contains(message, []byte(sql))
	}
	digest := sha256.Sum256([]byte(sql))
	bound := "\x00stmtcache_" + hex.EncodeToString(digest[:24]) + "\x00" // after the empty name of a portal
	return bytes.Contains(message, []byte(bound)) || parses(message, sql)
}

// parses reports whether a Parse message without a name has the text.
func parses(message []byte, sql string) bool {
	text := []byte("\x00" + sql + "\x00") // after the empty name of a statement
	for {
		at := bytes.Index(message, text)
		if at < 0 {
			return false
		}
		if at >= 5 && message[at-5] == 'P' && message[at-4] == 0 { // the type and the length before it
			return true
		}
		message = message[at+1:]
	}
}

// Replies reports whether bytes from a server say that a command is complete, such as
// "INSERT 0 1" or "COMMIT".
func Replies(message []byte, tag string) bool {
	complete := append([]byte{'C', 0, 0, 0, byte(len(tag) + 5)}, tag...)
	return bytes.Contains(message, append(complete, 0))
}
