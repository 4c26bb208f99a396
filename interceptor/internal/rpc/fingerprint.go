package rpc

import (
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
)

// maxPooled is the largest buffer that is kept for the next call, in bytes.
const maxPooled = 64 << 10

// Fingerprinter takes fingerprints of request messages. The zero value is
// ready, and safe for concurrent use.
type Fingerprinter struct {
	plans sync.Map  // protoreflect.MessageDescriptor -> *plan
	forms sync.Pool // of *canonical
}

// Fingerprint digests the canonical form of a message: two messages have the
// same one if they mean the same, whatever codec, field order or map order
// they arrived in.
func (f *Fingerprinter) Fingerprint(message proto.Message) idempotency.Fingerprint {
	form, ok := f.forms.Get().(*canonical)
	if !ok {
		form = &canonical{prints: f}
	}
	form.reset()
	form.message(message.ProtoReflect())
	made := idempotency.NewFingerprint(idempotency.AlgorithmProto, form.written())
	if len(form.buffer) <= maxPooled {
		f.forms.Put(form)
	}
	return made
}
