package subject

import (
	"bytes"
	"strconv"
)

// Size is a size of the body of a request and of its answer.
type Size struct {
	Name  string
	Bytes int
}

// Sizes returns the sizes that the benchmarks use.
func Sizes() []Size { return []Size{{"200B", 200}, {"10KB", 10_000}, {"1MB", 1_000_000}} }

// Request returns the body of a request of that size; another one for each variant.
func (s Size) Request(variant byte) []byte { return bytes.Repeat([]byte{'a' + variant}, s.Bytes) }

// Answer returns the body of an answer of that size.
func (s Size) Answer() []byte { return bytes.Repeat([]byte{'z'}, s.Bytes) }

// Key returns the n-th key, which has the length of a UUID, as Fiber requires.
func Key(n int) string { return "5f0b8f0e-2f0a-4a3c-9a35-" + strconv.Itoa(100_000_000_000+n) }
