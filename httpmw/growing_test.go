package httpmw

import (
	"bytes"
	"testing"
)

// TestGrowingKeepsItsContent in memory of every size.
func TestGrowingKeepsItsContent(t *testing.T) {
	for _, step := range []int{1000, 30_000, 3 << 20} {
		var g growing
		var want []byte
		for range 3 {
			for i := range 8 {
				added := bytes.Repeat([]byte{byte('a' + i)}, step)
				g.reserve(len(g.bytes) + step)
				g.bytes = append(g.bytes, added...)
				want = append(want, added...)
			}
			if !bytes.Equal(g.bytes, want) {
				t.Fatalf("steps of %d bytes: the content has changed", step)
			}
			if g.free(); len(g.bytes) != 0 || isLarge(g.bytes) {
				t.Fatalf("steps of %d bytes: %d bytes of %d left", step, len(g.bytes), cap(g.bytes))
			}
			want = want[:0]
		}
	}
}

// TestGrowingByFewBytes moves the content seldom, also beyond the largest buffers.
func TestGrowingByFewBytes(t *testing.T) {
	var g growing
	moved, size := 0, 0
	for len(g.bytes) < 8<<20 {
		g.reserve(len(g.bytes) + 1000)
		g.bytes = g.bytes[:len(g.bytes)+1000]
		if cap(g.bytes) != size {
			moved, size = moved+1, cap(g.bytes)
		}
	}
	if moved > 30 {
		t.Errorf("moved %d times", moved)
	}
}

func TestLargeBuffersHaveRoom(t *testing.T) {
	for _, size := range []int{1, smallestLarge, largeSize(0), largeSize(0) + 1, 1<<20 + 500, largeSize(largeSizes - 1), 5 << 20} {
		buffer := newLarge(size)
		if len(buffer) != 0 || cap(buffer) < size || cap(buffer) > 2*max(size, largeSize(0)) {
			t.Errorf("%d bytes: room for %d", size, cap(buffer))
		}
		freeLarge(buffer)
	}
}
