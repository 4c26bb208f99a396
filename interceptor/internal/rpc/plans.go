package rpc

import (
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// maxUnlinked bounds the plans of types that are not linked into the program.
// A server that builds descriptors as it runs would have no end of them, and
// every plan holds its descriptor in memory.
const maxUnlinked = 256

// plans remembers the plans of types and of extensions. The zero value is
// ready, and safe for concurrent use.
type plans struct {
	known    sync.Map // protoreflect.Descriptor -> *plan, or *field of an extension
	unlinked atomic.Int64
}

func (p *plans) of(message protoreflect.MessageDescriptor) *plan {
	if known, ok := p.known.Load(message); ok {
		return known.(*plan) //nolint:forcetypeassert // nothing else is stored for a message
	}
	made := newPlan(message)
	p.remember(message, made)
	return made
}

// inside is the plan for the messages in a field, which are of one type.
func (p *plans) inside(field *field, message protoreflect.MessageDescriptor) *plan {
	if known := field.inner.Load(); known != nil && known.message == message {
		return known
	}
	found := p.of(message)
	field.inner.Store(found)
	return found
}

// extension is nil for one that is left out.
func (p *plans) extension(descriptor protoreflect.FieldDescriptor) (made *field) {
	if known, ok := p.known.Load(descriptor); ok {
		return known.(*field) //nolint:forcetypeassert // nothing else is stored for an extension
	}
	if !unfingerprinted(descriptor) {
		made = newField(descriptor)
	}
	p.remember(descriptor, made)
	return made
}

// remember forgets all types that are not linked in when they are too many:
// those in use come back with their next message.
func (p *plans) remember(descriptor protoreflect.Descriptor, made any) {
	if !linked(descriptor) && p.unlinked.Add(1) > maxUnlinked {
		p.unlinked.Store(1)
		p.known.Range(func(key, _ any) bool {
			if old, ok := key.(protoreflect.Descriptor); ok && !linked(old) {
				p.known.Delete(key)
			}
			return true
		})
	}
	p.known.Store(descriptor, made)
}

func linked(descriptor protoreflect.Descriptor) bool {
	if extension, ok := descriptor.(protoreflect.ExtensionTypeDescriptor); ok {
		descriptor = extension.Descriptor()
	}
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(descriptor.FullName())
	return err == nil && found == descriptor
}
