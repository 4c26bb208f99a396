package httpmw

import (
	"bytes"
	"sync"

	"github.com/oncewire/idempotency/internal/outcome"
)

// largestPooled bounds, in bytes, the buffers that wait for the next call.
const largestPooled = 64 << 10

// scratch is memory that a call needs until it has been answered.
type scratch struct {
	request  []byte           // the payload of the fingerprint, which ends with the body
	outer    outerFields      // that stood in the answer before the handler ran
	header   []outcome.Change // of the answer when its status was written
	values   []string         // of outer and header
	response []byte           // body of the answer
}

var scratches = sync.Pool{New: func() any {
	return &scratch{outer: outerFields{}}
}}

func newScratch() *scratch { return scratches.Get().(*scratch) } //nolint:forcetypeassert // the pool has no other

// free gives the memory to the next call. None of it may be used any more.
func (s *scratch) free() {
	clear(s.outer)
	clear(s.header)
	clear(s.values)
	s.header, s.values = s.header[:0], s.values[:0]
	s.request, s.response = reusable(s.request), reusable(s.response)
	scratches.Put(s)
}

// keepValues returns a copy that lives as long as the call.
func (s *scratch) keepValues(values []string) []string {
	first := len(s.values)
	s.values = append(s.values, values...)
	return s.values[first:len(s.values):len(s.values)]
}

func reusable(buffer []byte) []byte {
	if cap(buffer) > largestPooled {
		return nil
	}
	return buffer[:0]
}

// handOver returns the body of the request for good. Only one that is too
// large to be pooled is worth giving away instead of copying.
func (s *scratch) handOver(head int) []byte {
	body := s.request[head:]
	if cap(s.request) <= largestPooled {
		return bytes.Clone(body)
	}
	s.request = nil
	return body
}
