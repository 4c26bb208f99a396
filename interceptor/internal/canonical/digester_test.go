package canonical

import (
	"testing"

	"google.golang.org/protobuf/types/known/structpb"
)

// TestPoolIsBounded : one large request must not hold its memory forever.
func TestPoolIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes messages of 4 MiB")
	}
	var digester Digester
	for _, size := range []int{mebi / 4, 4 * mebi} {
		digester.Digest(decoded(t, new(structpb.Struct), members(size/21, "k")))
		e, ok := digester.encoders.Get().(*encoder)
		if ok && e.memory() > maxPooled {
			t.Errorf("%d bytes are pooled, want at most %d", e.memory(), maxPooled)
		}
		if ok && e.entries.entries[:1][0].value.IsValid() {
			t.Error("the pool retains a message")
		}
	}
}
