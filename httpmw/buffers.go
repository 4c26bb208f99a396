package httpmw

import (
	"sync"

	"github.com/oncewire/idempotency/internal/outcome"
)

// buffers is the memory that one call needs until it is answered.
type buffers struct {
	request  growing          // the payload of the fingerprint, which ends with the body
	outer    outerFields      // see there
	header   []outcome.Change // what the handler did to the header, as it is recorded
	values   []string         // of outer and header
	response growing          // the body of the answer, as it is recorded
}

var buffersPool = sync.Pool{New: func() any { return new(buffers) }}

func newBuffers() *buffers { return buffersPool.Get().(*buffers) } //nolint:forcetypeassert // the pool has no other type

// free returns the memory to the pool. It must not be used after that.
func (b *buffers) free() {
	clear(b.outer)
	clear(b.header)
	clear(b.values)
	b.outer, b.header, b.values = b.outer[:0], b.header[:0], b.values[:0]
	b.request.free()
	b.response.free()
	buffersPool.Put(b)
}

// copyValues returns a copy that is valid until free.
func (b *buffers) copyValues(values []string) []string {
	first := len(b.values)
	b.values = append(b.values, values...)
	return b.values[first:len(b.values):len(b.values)]
}
