package keytext_test

import (
	"strings"
	"testing"

	"github.com/oncewire/idempotency/internal/keytext"
)

func TestUnquote(t *testing.T) {
	for text, want := range map[string]string{
		`"abc"`: "abc", `""`: "", `"a\"b"`: `a"b`, `"a\\b"`: `a\b`, `"abc";v=1; w`: "abc", `"a\"b";v="x"`: `a"b`,
	} {
		if got, ok := keytext.Unquote(text); !ok || got != want {
			t.Errorf("%s: got %q, %t, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "abc", `"`, `"abc`, `"abc\"`, `"a\nb"`, `"a"b"`, `"abc" v=1`, "\"abc\";v=\x01", `"a", "b"`} {
		if got, ok := keytext.Unquote(text); ok {
			t.Errorf("%s: got %q, want a failure", text, got)
		}
	}
}

func TestCanonicalUUID(t *testing.T) {
	const want = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
	bare := strings.ReplaceAll(want, "-", "")
	for _, text := range []string{want, strings.ToUpper(want), bare, "{" + want + "}", "urn:uuid:" + want, "URN:UUID:" + bare} {
		if got, ok := keytext.CanonicalUUID(text); !ok || got != want {
			t.Errorf("%s: got %q, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "{" + want, want + "}", want + "0", want[1:], "g" + want[1:], strings.Replace(want, "-", "_", 1)} {
		if got, ok := keytext.CanonicalUUID(text); ok {
			t.Errorf("%s: got %q, want a failure", text, got)
		}
	}
}

func TestUUIDHasItsVersionAndVariant(t *testing.T) {
	var ones [16]byte
	for i := range ones {
		ones[i] = 0xff
	}
	if got := keytext.UUID(ones, 8); got != "ffffffff-ffff-8fff-bfff-ffffffffffff" {
		t.Errorf("got %s", got)
	}
	if got := keytext.UUID([16]byte{}, 4); got != "00000000-0000-4000-8000-000000000000" {
		t.Errorf("got %s", got)
	}
}
