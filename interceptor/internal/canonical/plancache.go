package canonical

import (
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// maxUnlinked is the maximum number of plans of types that are not linked into
// the program. A server that creates descriptors at run time could create any
// number of them, and every plan holds its descriptor in memory.
const maxUnlinked = 256

// planCache caches the plans of message types and extensions. The zero value is
// ready, and safe for concurrent use.
type planCache struct {
	// plans has a *messagePlan for a message, and for a field that is omitted from
	// one, and a *fieldPlan for an extension, by descriptor.
	plans    sync.Map
	unlinked atomic.Int64
}

func (c *planCache) message(descriptor protoreflect.MessageDescriptor) *messagePlan {
	if cached, ok := c.plans.Load(descriptor); ok {
		return cached.(*messagePlan) //nolint:forcetypeassert // nothing else is stored for a message
	}
	plan := newMessagePlan(descriptor)
	c.store(descriptor, plan)
	return plan
}

// root returns the plan of a message from which a field is omitted, unless that is
// nil.
func (c *planCache) root(descriptor protoreflect.MessageDescriptor, omitted protoreflect.FieldDescriptor) *messagePlan {
	if omitted == nil {
		return c.message(descriptor)
	}
	if cached, ok := c.plans.Load(omitted); ok {
		return cached.(*messagePlan) //nolint:forcetypeassert // it is no extension
	}
	plan := c.message(descriptor).without(omitted)
	c.store(omitted, plan)
	return plan
}

// inner returns the plan of the messages in a field, which are of one type.
func (c *planCache) inner(field *fieldPlan, descriptor protoreflect.MessageDescriptor) *messagePlan {
	if last := field.inner.Load(); last != nil && last.message == descriptor {
		return last
	}
	plan := c.message(descriptor)
	field.inner.Store(plan)
	return plan
}

// extension returns the plan of an extension field, or nil if it is excluded.
func (c *planCache) extension(descriptor protoreflect.FieldDescriptor) (plan *fieldPlan) {
	if cached, ok := c.plans.Load(descriptor); ok {
		return cached.(*fieldPlan) //nolint:forcetypeassert // nothing else is stored for an extension
	}
	if !excluded(descriptor) {
		plan = newFieldPlan(descriptor)
	}
	c.store(descriptor, plan)
	return plan
}

// store adds a plan. If there are too many of types that are not linked in, all of
// those are removed: types in use come back with their next message.
func (c *planCache) store(descriptor protoreflect.Descriptor, plan any) {
	if !linked(descriptor) && c.unlinked.Add(1) > maxUnlinked {
		c.unlinked.Store(1)
		c.plans.Range(func(key, _ any) bool {
			if old, ok := key.(protoreflect.Descriptor); ok && !linked(old) {
				c.plans.Delete(key)
			}
			return true
		})
	}
	c.plans.Store(descriptor, plan)
}

func linked(descriptor protoreflect.Descriptor) bool {
	if extension, ok := descriptor.(protoreflect.ExtensionTypeDescriptor); ok {
		descriptor = extension.Descriptor()
	}
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(descriptor.FullName())
	return err == nil && found == descriptor
}
