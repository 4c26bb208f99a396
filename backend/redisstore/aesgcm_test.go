package redisstore

import (
	"bytes"
	"testing"
)

// TestContextIsBoundTwice: the context is bound by the derived key and by the
// authenticated data. Each of the two is tested without the other.
func TestContextIsBoundTwice(t *testing.T) {
	a, err := NewAESGCM(SealKey{ID: 1, Secret: bytes.Repeat([]byte{1}, secretSize)})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := a.derive(1, []byte("mine"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := a.derive(1, []byte("other"))
	if err != nil {
		t.Fatal(err)
	}
	sealed := mine.Seal(nil, nil, []byte("plain"), nil)
	if _, err := other.Open(nil, nil, sealed, nil); err == nil {
		t.Error("two contexts have one key")
	}

	sealed, err = a.Seal([]byte("plain"), []byte("mine"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Open(nil, nil, sealed[keyIDSize:], nil); err == nil {
		t.Error("the context is not part of what is authenticated")
	}
	if plain, err := mine.Open(nil, nil, sealed[keyIDSize:], []byte("mine")); err != nil || string(plain) != "plain" {
		t.Errorf("opened %q, %v", plain, err)
	}
}
