package canonical

import (
	"crypto/sha256"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxPooled is the maximum memory, in bytes, of an encoder that goes back to the
// pool. A call holds an encoder only while it runs on a processor, so the pool
// has about one encoder per processor, and the garbage collector empties it.
const maxPooled = 2 << 20

// Digester digests messages. The zero value is ready, and safe for concurrent
// use. It caches what it knows about message types; use one for many messages.
type Digester struct {
	plans    planCache
	encoders sync.Pool // of *encoder
}

// Digest returns the SHA-256 digest of the canonical form of a message.
func (d *Digester) Digest(message proto.Message) [sha256.Size]byte {
	return d.DigestWithout(message, nil)
}

// DigestWithout is [Digester.Digest] of a message in which the field is unset. The
// field is one of the message's own type, and no extension; nil omits none. Other
// messages of the type, inside the message, are written with the field.
func (d *Digester) DigestWithout(message proto.Message, omitted protoreflect.FieldDescriptor) [sha256.Size]byte {
	e, ok := d.encoders.Get().(*encoder)
	if !ok {
		e = &encoder{plans: &d.plans}
	}
	e.root(message.ProtoReflect(), omitted)
	digest := e.out.digest()
	if e.reset(); e.memory() <= maxPooled {
		d.encoders.Put(e)
	}
	return digest
}
