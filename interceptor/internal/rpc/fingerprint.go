package rpc

import (
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
)

// maxPooled is the most memory, in bytes, that one fingerprint leaves for the
// next. A call holds it only while it runs on a processor, so the pool holds
// little more than this for each of them, and the collector empties it.
const maxPooled = 2 << 20

// Fingerprinter takes fingerprints of request messages. The zero value is
// ready, and safe for concurrent use.
type Fingerprinter struct {
	plans plans
	forms sync.Pool // of *canonical
}

// Fingerprint digests the canonical form of a message: two messages have the
// same one if they mean the same, whatever codec, field order or map order
// they arrived in.
func (f *Fingerprinter) Fingerprint(message proto.Message) (made idempotency.Fingerprint) {
	form, ok := f.forms.Get().(*canonical)
	if !ok {
		form = &canonical{plans: &f.plans}
	}
	form.root(message.ProtoReflect())
	digest := form.digest()
	made[0] = byte(idempotency.AlgorithmProto)
	copy(made[1:], digest[:])
	if form.reset(); form.memory() <= maxPooled {
		f.forms.Put(form)
	}
	return made
}
