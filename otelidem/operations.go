package otelidem

import (
	"cmp"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
)

// operations has a limited number of operations by name. It is read at every event
// and written once for each operation. So readers take no lock, and a writer replaces
// the map by a copy.
type operations struct {
	name   func(string) string
	limit  int
	common []attribute.KeyValue
	onNew  func(*operation)
	other  *operation // for those beyond the limit

	mu    sync.Mutex // of writers
	known atomic.Pointer[map[string]*operation]
}

func newOperations(c *config, onNew func(*operation)) *operations {
	o := &operations{name: c.operationName, limit: c.maxOperations, common: c.attributes, onNew: onNew}
	o.other = newOperation(other, o.common)
	o.known.Store(&map[string]*operation{})
	return o
}

// get returns the operation, or the one that counts all beyond the limit.
func (o *operations) get(raw string) *operation {
	name := cmp.Or(o.name(raw), other)
	known := *o.known.Load()
	if found, ok := known[name]; ok {
		return found
	}
	if name == other || len(known) >= o.limit {
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
	if len(known) >= o.limit {
		return o.other
	}
	name = strings.Clone(name) // it can be part of a long path
	added := newOperation(name, o.common)
	grown := maps.Clone(known)
	grown[name] = added
	o.known.Store(&grown)
	o.onNew(added)
	return added
}
