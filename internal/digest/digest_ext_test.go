package digest_test

import (
	"encoding/hex"
	"testing"

	"github.com/oncewire/idempotency/internal/digest"
)

func TestListsWithTheSameTextDiffer(t *testing.T) {
	seen := map[[32]byte][]string{}
	for _, parts := range [][]string{nil, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"", "ab"}, {"ab", ""}, {"\x01a"}} {
		sum := digest.Parts(parts...)
		if other, ok := seen[sum]; ok {
			t.Errorf("%q and %q have the same digest", parts, other)
		}
		seen[sum] = parts
	}
}

// TestDigestNeverChanges: addresses of stored records are digests of this form.
func TestDigestNeverChanges(t *testing.T) {
	const want = "8b020a6c0308d884dfe623440921dff26228f74b1e09e947a63abc3b60d1e0a5"
	sum := digest.Parts("namespace", "scope", "/bank.v1.Bank/Pay", "key")
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
