package rpc

import (
	"maps"
	"sync/atomic"
)

// maxMethods is the maximum number of cached methods. Only a proxy that serves any
// name that its clients send has more; it looks up the rest at every call.
const maxMethods = 4096

// methodCache caches what is known about methods, by name. The zero value is
// ready, and safe for concurrent use.
type methodCache[T any] struct {
	methods atomic.Pointer[map[string]T]
}

func (c *methodCache[T]) load(procedure string) (method T, ok bool) {
	if methods := c.methods.Load(); methods != nil {
		method, ok = (*methods)[procedure]
	}
	return method, ok
}

// store copies the map, so that load needs no lock. Concurrent calls may lose one
// of their methods, which is then looked up again.
func (c *methodCache[T]) store(procedure string, method T) {
	before := c.methods.Load()
	after := map[string]T{}
	if before != nil {
		if len(*before) >= maxMethods {
			return
		}
		maps.Copy(after, *before)
	}
	after[procedure] = method
	c.methods.CompareAndSwap(before, &after)
}
