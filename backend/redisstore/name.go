package redisstore

import (
	"encoding/hex"

	"github.com/oncewire/idempotency/backend"
)

// keyPrefix is the prefix of the name of every record.
type keyPrefix string

// name returns the name of a record in Redis: the prefix, and the key in
// hexadecimal. It is also the channel on which the end of a claim is published.
func (p keyPrefix) name(key backend.Key) string {
	name := make([]byte, 0, len(p)+2*len(key))
	return string(hex.AppendEncode(append(name, p...), key[:]))
}
