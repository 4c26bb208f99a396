package rpc

import (
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/interceptor/internal/canonical"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

// fingerprinter makes fingerprints of request messages. The zero value is ready,
// and safe for concurrent use.
type fingerprinter struct {
	digester canonical.Digester
}

// fingerprint returns the digest of the canonical form of a message, with the
// algorithm in its first byte.
func (f *fingerprinter) fingerprint(message proto.Message) (made backend.Fingerprint) {
	digest := f.digester.Digest(message)
	made[0] = fingerprint.Proto
	copy(made[1:], digest[:])
	return made
}
