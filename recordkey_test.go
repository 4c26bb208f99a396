package idempotency

import (
	"strings"
	"testing"

	"github.com/oncewire/idempotency/backend"
)

// parts are what a record key is made of: namespace, scope, operation, key.
type parts [4]string

func (p parts) recordKey() backend.Key {
	return recordKey(p[0], p[1], p[2], p[3])
}

// TestLookAlikesNeverMeet cuts hostile texts into four parts in every way, with
// what a length or a separator might look like in them.
func TestLookAlikesNeverMeet(t *testing.T) {
	texts := []string{
		"aaaaaa", "\x00\x00\x00\x00", "\x01a\x01a\x01a", "\x02\x01\x00\x01", "a:b:c/d|e", "\xff\x01\x80\x01",
		strings.Repeat("\x00", 8), strings.Repeat("\x80\x01", 6),
	}
	seen := map[backend.Key]parts{}
	for _, text := range texts {
		for i := 0; i <= len(text); i++ {
			for j := i; j <= len(text); j++ {
				for k := j; k <= len(text); k++ {
					p := parts{text[:i], text[i:j], text[j:k], text[k:]}
					if other, met := seen[p.recordKey()]; met && other != p {
						t.Fatalf("%q and %q have one record key", p, other)
					}
					seen[p.recordKey()] = p
				}
			}
		}
	}
}

// TestLongPartsNeverMeet moves the cut where a length needs one byte more.
func TestLongPartsNeverMeet(t *testing.T) {
	seen := map[backend.Key]int{}
	text := strings.Repeat("\x80", 300)
	for cut := range text {
		key := parts{text[:cut], text[cut:]}.recordKey()
		if other, met := seen[key]; met {
			t.Fatalf("cuts at %d and %d have one record key", other, cut)
		}
		seen[key] = cut
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("n", "s", "o", "k", "n", "s", "o", "k")
	f.Add("a", "b", "", "", "ab", "", "", "")
	f.Add("", "\x01a", "", "", "", "", "\x01a", "")
	f.Fuzz(func(t *testing.T, n1, s1, o1, k1, n2, s2, o2, k2 string) {
		one, two := parts{n1, s1, o1, k1}, parts{n2, s2, o2, k2}
		if met := one.recordKey() == two.recordKey(); met != (one == two) {
			t.Errorf("%q and %q meet: %v", one, two, met)
		}
	})
}

// TestRecordKeyNeverChanges: a new version has to find the records of an old one.
func TestRecordKeyNeverChanges(t *testing.T) {
	const known = "768c61d479ab5fe1c06913898228721b5286bada6aa28a92c44b383b07317c70"
	if key := (parts{"shop", "acme", "/bank.v1.Bank/Pay", "abc-123"}).recordKey().String(); key != known {
		t.Errorf("got %s, want %s", key, known)
	}
}

func TestTokensAreUnique(t *testing.T) {
	seen := map[backend.Token]bool{{}: true}
	for range 10_000 {
		token := newToken()
		if seen[token] {
			t.Fatalf("token %v came twice, or is zero", token)
		}
		seen[token] = true
	}
}
