package rpc

import (
	"testing"

	"google.golang.org/protobuf/types/known/structpb"
)

// TestPoolIsBounded : one large request must not hold memory for ever.
func TestPoolIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes messages of 4 MiB")
	}
	var prints Fingerprinter
	for _, size := range []int{mebi / 4, 4 * mebi} {
		prints.Fingerprint(decoded(t, new(structpb.Struct), members(size/21, "k")))
		form, ok := prints.forms.Get().(*canonical)
		if ok && form.memory() > maxPooled {
			t.Errorf("%d bytes are pooled, want at most %d", form.memory(), maxPooled)
		}
		if ok && form.maps.entries[:1][0].value.IsValid() {
			t.Error("the pool holds on to a message")
		}
	}
}
