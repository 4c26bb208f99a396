package httpmw

import "slices"

// growing is a buffer for content of unknown size. Small content is in memory that
// the buffer keeps; large content moves to a large buffer, which goes back to the
// pool afterwards.
type growing struct {
	bytes []byte // the content
	small []byte // the memory for small content while the content is large
}

// reserve makes room for content of this size in bytes in all.
func (g *growing) reserve(size int) {
	switch {
	case size <= cap(g.bytes):
	case size < largeSize(0)/2:
		g.bytes = slices.Grow(g.bytes, size-len(g.bytes))
	default:
		size = max(size, cap(g.bytes)+cap(g.bytes)/2) // for a few bytes at a time
		g.replace(append(newLarge(size), g.bytes...))
	}
}

// replace puts a large buffer in the place of the present one.
func (g *growing) replace(large []byte) {
	if isLarge(g.bytes) {
		freeLarge(g.bytes)
	} else {
		g.small = g.bytes
	}
	g.bytes = large
}

// free removes the content. Large memory goes to the pool.
func (g *growing) free() {
	if isLarge(g.bytes) {
		freeLarge(g.bytes)
		g.drop()
	}
	g.bytes = g.bytes[:0]
}

// drop removes the content together with its memory, which may still be in use.
func (g *growing) drop() { g.bytes, g.small = g.small, nil }
