//go:build !race

package rpc

import (
	"runtime"
	"testing"

	"google.golang.org/protobuf/proto"
)

// TestFingerprintTakesLittleMemory takes at most twice what decoding takes.
func TestFingerprintTakesLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes hostile messages")
	}
	const slack = 128 << 10 // of scratch that does not depend on the size
	for _, input := range hostileInputs(mebi / 4) {
		var message proto.Message
		decode := allocated(func() { message = decoded(t, input.kind, input.raw) })
		fingerprint := allocated(func() { new(Fingerprinter).Fingerprint(message) })
		if fingerprint > 2*decode+slack {
			t.Errorf("%s: a fingerprint took %d bytes, and decoding %d", input.name, fingerprint, decode)
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
