//go:build !race

package canonical

import (
	"runtime"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// TestDigestTakesLittleMemory : it takes at most twice what decoding takes.
func TestDigestTakesLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes hostile messages")
	}
	const slack = 128 << 10 // of buffers whose size does not depend on the size
	for _, input := range hostileInputs(mebi / 4) {
		var message proto.Message
		decode := allocated(func() { message = decoded(t, input.kind, input.raw) })
		digest := allocated(func() { new(Digester).Digest(message) })
		if digest > 2*decode+slack {
			t.Errorf("%s: a digest took %d bytes, and decoding %d", input.name, digest, decode)
		}
	}
}

func allocated(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestLongListLeavesItsBuffer to the next message.
func TestLongListLeavesItsBuffer(t *testing.T) {
	message := &descriptorpb.SourceCodeInfo_Location{Path: make([]int32, mebi)}
	var digester Digester
	digester.Digest(message)
	const runs = 20
	took := allocated(func() {
		for range runs {
			digester.Digest(message)
		}
	})
	// The garbage collector may empty the pool once or twice.
	if most := uint64(runs * mebi / 2); took > most {
		t.Errorf("%d digests took %d bytes, want no more than %d", runs, took, most)
	}
}
