package httpmw

import "sync"

// The pool has large buffers in a few sizes, each twice as large as the one before.
// Every size has some more room than a power of two, for what precedes the body, so
// that a body of 1 MiB fits into the buffer of that size.
const (
	smallestLarge = 32 << 10
	largeSizes    = 7 // the largest is 2 MiB
	largeExtra    = 8 << 10
)

// largeBuffers has a pool of *[]byte for each size. A small request never takes a
// large buffer out of the pool and keeps it.
var largeBuffers [largeSizes]sync.Pool

func largeSize(class int) int { return smallestLarge<<class + largeExtra }

func isLarge(buffer []byte) bool { return cap(buffer) >= largeSize(0) }

// newLarge returns an empty buffer that has room for the size in bytes. It is larger
// than that by no more than a factor of two.
func newLarge(size int) []byte {
	for class := range largeSizes {
		if size > largeSize(class) {
			continue
		}
		if buffer, ok := largeBuffers[class].Get().(*[]byte); ok {
			return *buffer
		}
		return make([]byte, 0, largeSize(class))
	}
	return make([]byte, 0, size)
}

// freeLarge returns a buffer to the pool if it has one of the sizes. The buffer must
// not be used after that.
func freeLarge(buffer []byte) {
	for class := range largeSizes {
		if cap(buffer) == largeSize(class) {
			buffer = buffer[:0]
			largeBuffers[class].Put(&buffer)
			return
		}
	}
}
