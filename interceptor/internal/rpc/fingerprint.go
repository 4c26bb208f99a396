package rpc

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/interceptor/internal/canonical"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

// fingerprinter makes fingerprints of request messages. The zero value is ready,
// and safe for concurrent use.
type fingerprinter struct {
	digester canonical.Digester
}

// fingerprint returns the digest of the canonical form of a message without its key
// field, which may be nil. The algorithm is in the first byte.
func (f *fingerprinter) fingerprint(message proto.Message, key protoreflect.FieldDescriptor) (made backend.Fingerprint) {
	made[0] = fingerprint.Proto
	if key != nil {
		made[0] = fingerprint.ProtoKey
	}
	digest := f.digester.DigestWithout(message, key)
	copy(made[1:], digest[:])
	return made
}

// call returns the call of a request. A message with a key field can be compared
// with the records of servers that count the field: those that run an earlier
// version during an upgrade, and those without KeyRules.RequestID.
func (f *fingerprinter) call(key string, message proto.Message, field protoreflect.FieldDescriptor) idempotency.Call {
	call := idempotency.Call{Key: key, Fingerprint: f.fingerprint(message, field)}
	if field != nil {
		call.Rehasher = &whole{f, message, call.Fingerprint}
	}
	return call
}

// whole makes the fingerprint of a message with its key field.
type whole struct {
	fingerprinter *fingerprinter
	message       proto.Message
	without       backend.Fingerprint
}

// Rehash implements the Rehasher of a call.
func (w *whole) Rehash(algorithm byte) (backend.Fingerprint, bool) {
	switch algorithm {
	case fingerprint.Proto:
		return w.fingerprinter.fingerprint(w.message, nil), true
	case fingerprint.ProtoKey:
		return w.without, true
	default:
		return backend.Fingerprint{}, false
	}
}
