package otelidem

import (
	"cmp"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
)

// operations knows the operations by their names, up to a number of them. They
// are read at every event and written as often as there are operations, so a
// reader takes no lock, and a writer puts a copy in place.
type operations struct {
	name   func(string) string
	most   int
	common []attribute.KeyValue
	born   func(*operation) // told of every new one
	other  *operation

	mu    sync.Mutex // of writers
	known atomic.Pointer[map[string]*operation]
}

func newOperations(c *config, born func(*operation)) *operations {
	o := &operations{name: c.operationName, most: c.maxOperations, common: c.attributes, born: born}
	o.other = newOperation(other, o.common)
	o.known.Store(&map[string]*operation{})
	return o
}

// of returns the operation, or the one that stands for all that are too many.
func (o *operations) of(raw string) *operation {
	name := cmp.Or(o.name(raw), other)
	known := *o.known.Load()
	if found, ok := known[name]; ok {
		return found
	}
	if name == other || len(known) >= o.most {
		return o.other
	}
	return o.add(name)
}

func (o *operations) add(name string) *operation {
	o.mu.Lock()
	defer o.mu.Unlock()
	known := *o.known.Load()
	if found, ok := known[name]; ok {
		return found
	}
	if len(known) >= o.most {
		return o.other
	}
	name = strings.Clone(name) // it may be a part of a long path
	added := newOperation(name, o.common)
	grown := maps.Clone(known)
	grown[name] = added
	o.known.Store(&grown)
	o.born(added)
	return added
}

// operationName is the default of WithOperationName.
func operationName(operation string) string {
	method, _, _ := strings.Cut(operation, " ")
	return method
}
