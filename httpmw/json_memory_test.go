//go:build !race

package httpmw

import (
	"runtime"
	"testing"

	"github.com/oncewire/idempotency/internal/fingerprint"
)

// TestCanonicalJSONTakesLittleMemory: at most twice the memory of decoding, or twice
// the body where decoding takes almost none.
func TestCanonicalJSONTakesLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes hostile bodies of 1 MiB")
	}
	const slack = 64 << 10
	for _, input := range hostileBodies(1 << 20) {
		body := []byte(input.text)
		decode := max(uint64(len(body)), allocated(func() { decodeAny(t, body) }))
		form := allocated(func() { fingerprintJSON(fingerprint.HTTPJSONNumbers, nil, body) })
		if form > 2*decode+slack {
			t.Errorf("%s: a fingerprint took %d bytes, and decoding %d", input.name, form, decode)
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
